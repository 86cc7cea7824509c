// LevelDB whose every write is on the disk before it is answered (sync), for PouchDB's option `db`. Without it PouchDB
// takes LevelDB as it comes: written to a log file, and left to the system to put on the disk some time later.
'use strict';
const leveldown = require('leveldown');

function DurableDown(location) {
  const store = leveldown(location);
  for (const name of ['_put', '_del', '_batch']) {
    const write = store[name];
    store[name] = function (...call) {
      const options = call[call.length - 2];
      return write.apply(this, [...call.slice(0, -2), { ...options, sync: true }, call[call.length - 1]]);
    };
  }
  store._chainedBatch = () => { throw new Error('a write that would not be synced'); };
  return store;
}
DurableDown.destroy = leveldown.destroy;
DurableDown.repair = leveldown.repair;

module.exports = (how) => (how === 'durable' ? { db: DurableDown } : {});
