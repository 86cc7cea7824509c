// node server.js FOLDER HOW: a PouchDB server on loopback, databases in FOLDER (LevelDB; HOW: see durable.js). Prints its URL.
'use strict';
const express = require('express');
const PouchDB = require('pouchdb').defaults({ prefix: process.argv[2] + '/', ...require('./durable.js')(process.argv[3]) });

const app = express();
app.use(require('express-pouchdb')(PouchDB, { mode: 'minimumForPouchDB', inMemoryConfig: true, logPath: process.argv[2] + '/log.txt' }));
const listener = app.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${listener.address().port}`));
