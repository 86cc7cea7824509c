// node terminal.js FOLDER URL BATCH HOW: for each line of standard input, a JSON list of documents, puts them into a
// PouchDB in FOLDER (LevelDB; HOW: see durable.js), replicates it to URL, and prints how many were written there and how
// many milliseconds that took.
'use strict';
const readline = require('node:readline');
const PouchDB = require('pouchdb');

const [folder, url, batch, how] = process.argv.slice(2);
const source = new PouchDB(folder, require('./durable.js')(how));

async function replicate(documents) {
  await source.bulkDocs(documents);
  const begin = process.hrtime.bigint();
  const done = await source.replicate.to(url, { batch_size: Number(batch) });
  const spent = Number(process.hrtime.bigint() - begin) / 1e6;
  console.log(JSON.stringify({ written: done.docs_written, ms: spent }));
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) await replicate(JSON.parse(line));
  process.exit(0);
})();
