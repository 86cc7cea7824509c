// Holds a paper's mark against a published list: the same as kiosk/papers/judging.py, statement.py, cose.py, listing.py.
// No network, nothing stored. DATA is put in front by kiosk/papers/pages.py: {list, root}; noble is the fallback.
"use strict";

const KINDS = ["receipt", "certificate", "notice", "report"];
const OUTCOMES = ["approved", "refused", "referred", "received"];
const RUNGS = ["save", "receipt", "provisional", "final"];
const NAMES = {1: "case_no", 2: "item", 3: "service", 4: "kind", 5: "outcome", 6: "rung", 7: "decided_at", 8: "printed_at",
  9: "fields", 10: "serial", 11: "shown", 12: "copy", 13: "test"};
const NEEDED = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
const SKEW = 600, LONGEST = 128, LATEST = 253370764800; // as in judging.py and statement.py

class Bad extends Error {}
class CannotCheck extends Error {}

// -- bytes -----------------------------------------------------------------------------------------------

const utf8 = new TextEncoder();
const join = (...parts) => Uint8Array.from(parts.flatMap((part) => [...part]));
const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const same = (one, other) => one.length === other.length && one.every((byte, place) => byte === other[place]);

function unb64(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

function unb64url(text) {
  const bytes = unb64(text.replace(/-/g, "+").replace(/_/g, "/"));
  const again = btoa(String.fromCharCode(...bytes.slice(-3 - (bytes.length % 3)))).replace(/=+$/, "");
  if (again.replace(/\+/g, "-").replace(/\//g, "_") !== text.slice(-again.length)) throw new Bad();
  return bytes;
}

function unbase32(text) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bytes = [];
  let bits = 0, value = 0;
  for (const letter of text) {
    const place = letters.indexOf(letter);
    if (place < 0) throw new Bad();
    value = (value << 5) | place;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push(value >> bits);
      value &= (1 << bits) - 1;
    }
  }
  if (value !== 0 || bits >= 5) throw new Bad(); // spare bits, or a letter too many
  return Uint8Array.from(bytes);
}

// -- CBOR (RFC 8949), the deterministic part that marks use ------------------------------------------------

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  take(count) {
    if (this.at + count > this.bytes.length) throw new Bad();
    return this.bytes.slice(this.at, (this.at += count));
  }

  head() {
    const [first] = this.take(1);
    const major = first >> 5, low = first & 31;
    if (low < 24) return [major, low];
    if (low > 27) throw new Bad();
    const size = 1 << (low - 24);
    const value = [...this.take(size)].reduce((sum, byte) => sum * 256 + byte, 0);
    const least = {1: 24, 2: 256, 4: 65536, 8: 4294967296}[size];
    if (value < least || value > Number.MAX_SAFE_INTEGER) throw new Bad(); // there is a shorter form
    return [major, value];
  }

  value() {
    const [major, count] = this.head();
    if (major === 0) return count;
    if (major === 1) return -1 - count;
    if (major === 2) return this.take(count);
    if (major === 3) return new TextDecoder("utf-8", {fatal: true, ignoreBOM: true}).decode(this.take(count));
    if (major === 4) return Array.from({length: count}, () => this.value());
    if (major === 7 && (count === 20 || count === 21)) return count === 21;
    if (major !== 5) throw new Bad();
    const found = new Map();
    let before = -1;
    for (let index = 0; index < count; index++) {
      const key = this.value();
      if (typeof key !== "number" || key <= before) throw new Bad(); // in order, each once
      before = key;
      found.set(key, this.value());
    }
    return found;
  }
}

function uncbor(bytes) {
  const reader = new Reader(bytes);
  const found = reader.value();
  if (reader.at !== bytes.length) throw new Bad();
  return found;
}

function byteString(bytes) {
  const size = bytes.length;
  const head = size < 24 ? [0x40 | size] : size < 256 ? [0x58, size] : [0x59, size >> 8, size & 255];
  return join(head, bytes);
}

// -- signatures ------------------------------------------------------------------------------------------

async function verified(key, message, signature) {
  if (!globalThis.crypto || !crypto.subtle) throw new CannotCheck();
  let imported;
  try {
    imported = await crypto.subtle.importKey("raw", key, {name: "Ed25519"}, false, ["verify"]);
  } catch {
    return noble.verifyAsync(signature, message, key, {zip215: false}); // this browser has no Ed25519 of its own
  }
  return crypto.subtle.verify({name: "Ed25519"}, imported, signature, message);
}

function netstrings(...texts) {
  return join(...texts.map((text) => join(utf8.encode(`${utf8.encode(text).length}:`), utf8.encode(text), [44])));
}

// -- the mark --------------------------------------------------------------------------------------------

function markIn(text) {
  const found = text.trim().split("#").pop();
  return found.startsWith("P1.") && found.length <= 4096 ? found.slice(3) : "";
}

function parsed(text) {
  const parts = uncbor(unbase32(text));
  if (!Array.isArray(parts) || parts.length !== 4) throw new Bad();
  const [head, open, payload, signature] = parts;
  if (!(open instanceof Map) || open.size || !(head instanceof Uint8Array) || !(payload instanceof Uint8Array)) throw new Bad();
  if (!(signature instanceof Uint8Array) || signature.length !== 64) throw new Bad();
  // the protected header has one form only: algorithm, then the key's id
  const prefix = [0xa2, 0x01, 0x27, 0x04, 0x48];
  if (head.length === 17 && same(head.slice(0, 9), [0xa2, 0x01, 0x3a, 0x00, 0x01, 0x00, 0x00, 0x04, 0x48]))
    throw new CannotCheck(); // SM2: not in a browser
  if (head.length !== 13 || !same(head.slice(0, 5), prefix)) throw new Bad();
  const signed = join([0x84, 0x6a], utf8.encode("Signature1"), byteString(head), [0x40], byteString(payload));
  return {kid: hex(head.slice(5)), signed, signature, said: statement(payload)};
}

function statement(payload) {
  const raw = uncbor(payload);
  if (!(raw instanceof Map) || !NEEDED.every((key) => raw.has(key))) throw new Bad();
  const said = {copy: 0, test: false};
  for (const [key, value] of raw) {
    if (!NAMES[key]) throw new Bad();
    said[NAMES[key]] = value;
  }
  for (const [name, words] of [["kind", KINDS], ["outcome", OUTCOMES], ["rung", RUNGS]]) {
    if (!Number.isInteger(said[name]) || words[said[name]] === undefined) throw new Bad();
    said[name] = words[said[name]];
  }
  if (!Array.isArray(said.shown)) throw new Bad();
  const texts = [said.case_no, said.item, said.service, ...said.shown];
  if (!texts.every((value) => typeof value === "string" && [...value].length <= LONGEST)) throw new Bad();
  const sizes = [[said.fields, 16], [said.serial, 8]];
  if (!sizes.every(([value, size]) => value instanceof Uint8Array && value.length === size)) throw new Bad();
  const numbers = [said.decided_at, said.printed_at, said.copy];
  if (!numbers.every((value) => Number.isInteger(value) && value >= 0 && value <= LATEST)) throw new Bad();
  // left out where they say nothing
  if (typeof said.test !== "boolean" || raw.has(12) && !said.copy || raw.has(13) && !said.test) throw new Bad();
  return said;
}

// -- the list --------------------------------------------------------------------------------------------

async function listOf(text, root) {
  const [head, payload, signature, more] = text.trim().split(".");
  if (!signature || more !== undefined) throw new Bad();
  const kind = JSON.parse(new TextDecoder().decode(unb64url(head)));
  const found = JSON.parse(new TextDecoder().decode(unb64url(payload)));
  if (kind.alg === "SM2") throw new CannotCheck();
  if (kind.alg !== "EdDSA" || kind.typ !== "kiosk-papers" || found.format !== 1 || !found.epochs.length) throw new Bad();
  if (found.epochs[0].signing_key !== root) throw new Bad();
  let known = unb64(root);
  for (const epoch of found.epochs.slice(1)) {
    const said = [String(epoch.epoch), epoch.sealing_key, epoch.signing_key, epoch.since];
    const message = netstrings("international", "kiosk-epoch-v1", ...said);
    if (!(await verified(known, message, unb64(epoch.endorsement)))) throw new Bad();
    known = unb64(epoch.signing_key);
  }
  if (!(await verified(known, utf8.encode(`${head}.${payload}`), unb64url(signature)))) throw new Bad();
  return found;
}

const seconds = (text) => Date.parse(text) / 1000;

const after = (printed, end) => Boolean(end) && printed > seconds(end) + SKEW;

async function judge(text, list, now) {
  const found = markIn(text);
  if (!found) return {verdict: "no-mark", notes: []};
  let mark;
  try {
    mark = parsed(found);
  } catch (error) {
    if (error instanceof CannotCheck) throw error;
    return {verdict: "altered", notes: []};
  }
  const said = mark.said, notes = [];
  if (said.test) notes.push("test");
  if (said.copy) notes.push("copy");
  if (said.rung === "provisional") notes.push("provisional");
  if (said.printed_at > seconds(list.issued_at)) notes.push("list-older-than-paper");
  if (now > seconds(list.next_at)) notes.push("list-old");
  const key = list.keys.find((each) => each.kid === mark.kid);
  if (!key) return {verdict: "unknown-key", notes};
  if (!(await verified(unb64(key.key), mark.signed, mark.signature))) return {verdict: "altered", notes: []};
  if (said.printed_at < seconds(key.since) - SKEW) return {verdict: "unknown-key", said, key, notes: [...notes, "key-out-of-time"]};
  if (after(said.printed_at, key.until)) return {verdict: "replaced-key", said, key, notes};
  if (after(said.printed_at, key.replaced)) notes.push("key-changing");
  const row = said.kind === "notice" ? undefined : list.revoked.find((each) => each.serial === hex(said.serial) && (!each.kind || each.kind === said.kind));
  if (row) return {verdict: "revoked", said, key, row, notes: ["exchange", "replaced"].includes(row.effect) ? [...notes, row.effect] : notes};
  if (key.withdrawn) return {verdict: "revoked", said, key, notes: [...notes, "key-withdrawn"]};
  return {verdict: "genuine", said, key, notes};
}

// -- the page --------------------------------------------------------------------------------------------

const T = (zh, en) => ({zh, en});
const VERDICTS = {
  "genuine": [T("真的，没有被改过", "Genuine and unchanged"), T("它是这个机关的终端打印的，到名单的日期没有失效。请逐项对照下面的内容和纸上的内容。", "A terminal of this office printed it, and it had not been revoked by the date of the list. Please compare what stands below with the paper.")],
  "sample": [T("样张，没有效力", "A sample, not valid"), T("它是试用时打印的，什么也不能证明。", "It was printed for trying out, and proves nothing.")],
  "altered": [T("被改过，或是假的", "Altered or forged"), T("码里的内容和签名对不上。请不要相信这张纸。", "What the code says does not fit its signature. Do not trust this paper.")],
  "revoked": [T("已经失效", "Revoked"), T("它曾经是真的，现在不再作为凭证。", "It was genuine once and proves nothing any more.")],
  "unknown-key": [T("不认识签名的机器", "Signed by nobody we know"), T("名单里没有这台机器。可能是别的机关的纸、比名单更新的机器，或者是假的。请换一份新的名单再查。", "No machine in this list has signed it: another office's paper, a machine newer than the list, or a forgery. Try a newer list.")],
  "replaced-key": [T("钥匙已经换掉", "Signed with a replaced key"), T("签名的钥匙在纸上的日期之前已经停用，留着旧钥匙的人也能这样签。请打电话核对。", "Its machine had given this key up before the date on the paper; whoever has kept it can sign so. Please call the office.")],
  "no-mark": [T("这里没有验真码", "There is no mark in this"), T("请扫描或粘贴纸上码里的全部内容。", "Please scan or paste all that the paper's code holds.")],
  "cannot": [T("这个浏览器不能查", "This browser cannot check"), T("请换新一点的浏览器打开，用 kiosk paper verify 查，或者打电话核对。", "Use a newer browser, the command kiosk paper verify, or call the office.")],
  "bad-list": [T("这份名单不能用", "This list cannot be used"), T("名单被改过、不完整，或不是这个机关发布的。", "The list was changed, is not whole, or is not this office's.")],
  "older-list": [T("这份名单比现在用的旧", "This list is older than the one in use"), T("仍用现在这份新的名单；旧的里看不到后来的失效。", "The newer one stays in use: an older one knows nothing of what was revoked since.")],
};
const NOTES = {
  "test": T("样本，没有效力", "A sample, not valid"),
  "copy": T("补打的副本", "A copy, printed again"),
  "provisional": T("打印时是待确认的决定：生效要以确认为准", "Provisional when it was printed: it takes effect once confirmed"),
  "list-older-than-paper": T("名单比这张纸旧：打印以后的失效，名单里看不到", "The list is older than the paper: it cannot know what was revoked since"),
  "list-old": T("名单过期了，请换新的再查", "The list is out of date; please check with a newer one"),
  "key-withdrawn": T("这台机器已经停用，它签的日期不能相信；请打电话核对", "This machine was withdrawn, so that its dates cannot be trusted; please call the office"),
  "key-out-of-time": T("打印的日期在这把钥匙启用之前", "The paper's date is before the time of its key"),
  "key-changing": T("打印时这台机器正在换钥匙，旧钥匙还在用", "Its machine was changing keys when it was printed, and still went by this one"),
  "exchange": T("内容有效，但要换一张新的", "What it says holds, but the paper is to be exchanged"),
  "replaced": T("已经更正，以新的一版为准；请向办理机关要新的", "A corrected version has taken its place: ask for that one"),
};
const WORDS = {
  "receipt": T("回执", "Receipt"), "certificate": T("证照", "Certificate"), "notice": T("告知", "Notice"), "report": T("就绪报告", "Readiness report"),
  "approved": T("准予、通过", "Granted"), "refused": T("不予办理", "Not granted"), "referred": T("由工作人员办理", "Staff decide"),
  "received": T("已收件，以后决定", "Received, decided later"),
  "final": T("已经决定", "Decided"), "provisional": T("待确认", "Provisional"), "receipt-rung": T("收件凭证", "Proof of receipt"), "save": T("草稿", "Draft"),
};
const LABELS = {
  "case_no": T("办件编号", "Case number"), "number": T("报告编号", "Report number"), "service": T("事项", "Matter"), "kind": T("种类", "Kind"), "outcome": T("结果", "Result"),
  "rung": T("性质", "Standing"), "decided_at": T("办理时间", "Decided at"), "printed_at": T("打印时间", "Printed at"),
  "copy": T("第几次补打", "Copy no."), "shown": T("纸上应有", "The paper shows"), "terminal": T("终端", "Terminal"), "item": T("实施编码", "Item code"),
};

const place = (id) => document.getElementById(id);
const line = (text, tag = "p", name = "") => {
  const made = document.createElement(tag);
  made.className = name;
  made.append(text.zh, document.createElement("br"), Object.assign(document.createElement("span"), {lang: "en", textContent: text.en}));
  return made;
};
const clock = (value) => new Date(value * 1000 + 8 * 3600e3).toISOString().slice(0, 16).replace("T", " ");
const spaced = (no) => /^\d{21}$/.test(no) ? no.replace(/(.{6})(.{6})(.{4})(.{4})(.)/, "$1 $2 $3 $4 $5") : no;

let list = null;
let turn = 0, bringing = 0; // what was begun before the newest of them is not shown any more

function row(label, zh, en = "") {
  const term = line(LABELS[label], "dt");
  const value = document.createElement("dd");
  value.append(zh);
  if (en) value.append(document.createElement("br"), Object.assign(document.createElement("span"), {lang: "en", textContent: en}));
  return [term, value];
}

function details(said, key) {
  const service = list.services.find((each) => each.id === said.service) || {zh: said.service, en: ""};
  const rung = WORDS[said.rung === "receipt" ? "receipt-rung" : said.rung];
  const made = document.createElement("dl");
  if (said.kind === "report") { // of a terminal, not of a case
    made.append(...row("kind", WORDS.report.zh, WORDS.report.en), ...row("number", said.case_no),
      ...row("printed_at", clock(said.printed_at)), ...row("shown", said.shown.join("\n")), ...row("terminal", key.terminal));
    return made;
  }
  made.append(
    ...row("case_no", spaced(said.case_no)), ...row("service", service.zh, service.en),
    ...row("kind", WORDS[said.kind].zh, WORDS[said.kind].en), ...row("outcome", WORDS[said.outcome].zh, WORDS[said.outcome].en),
    ...row("rung", rung.zh, rung.en), ...row("decided_at", clock(said.decided_at)), ...row("printed_at", clock(said.printed_at)),
    ...(said.copy ? row("copy", String(said.copy)) : []), ...row("shown", said.shown.join("\n")), ...row("terminal", key.terminal),
    ...row("item", said.item));
  return made;
}

function show(result) {
  const out = place("result");
  const none = result.verdict === "genuine" && (result.notes || []).includes("test"); // nobody may take that for a yes
  const [title, words] = VERDICTS[none ? "sample" : result.verdict];
  out.replaceChildren(line(title, "h2", "title"), line(words));
  out.dataset.verdict = result.verdict;
  out.dataset.effect = none ? "none" : "";
  out.dataset.notes = (result.notes || []).join(" ");
  for (const note of result.notes || []) out.append(line(NOTES[note], "p", "note"));
  if (result.said) out.append(details(result.said, result.key));
}

function describeList() {
  const age = Math.floor((Date.now() / 1000 - seconds(list.issued_at)) / 3600);
  const old = age < 48 ? T(`${Math.max(0, age)} 小时前`, `${Math.max(0, age)} hours old`) : T(`${Math.floor(age / 24)} 天前`, `${Math.floor(age / 24)} days old`);
  const day = clock(seconds(list.issued_at));
  const call = list.phone ? T(`  电话 ${list.phone}`, `  Telephone ${list.phone}`) : T("", "");
  place("list").replaceChildren(line(T(`名单日期 ${day}（${old.zh}）：钥匙 ${list.keys.length} 把，失效 ${list.revoked.length} 件。${call.zh}`,
    `List of ${day} (${old.en}): keys: ${list.keys.length}, revoked: ${list.revoked.length}.${call.en}`)));
  place("list").dataset.issued = list.issued_at;
}

// An answer stands as long as the code that it is about, and no longer.
function forget() {
  turn += 1;
  if (!list) return; // what stands there is about the list
  const out = place("result");
  out.replaceChildren();
  out.dataset.verdict = out.dataset.effect = out.dataset.notes = "";
}

async function use(text) {
  const mine = ++bringing;
  try {
    const found = await listOf(text, DATA.root);
    if (mine !== bringing) return false;
    if (list && seconds(found.issued_at) < seconds(list.issued_at)) { // genuine too, and knows of less
      forget();
      show({verdict: "older-list"});
      return false;
    }
    list = found;
    forget();
    describeList();
    return true;
  } catch (error) {
    if (mine !== bringing) return false;
    list = null;
    forget();
    place("list").replaceChildren();
    show({verdict: error instanceof CannotCheck ? "cannot" : "bad-list"});
    return false;
  }
}

async function check() {
  const text = place("text").value;
  forget();
  if (!list || !text.trim()) return;
  const mine = turn;
  let result;
  try {
    result = await judge(text, list, Date.now() / 1000);
  } catch {
    result = {verdict: "cannot"};
  }
  if (mine === turn) show(result);
}

place("text").addEventListener("input", forget);
place("check").addEventListener("click", check);
place("larger").addEventListener("click", () => document.body.classList.toggle("elder"));
place("newer").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  if (file && await use(await file.text())) await check();
});
addEventListener("hashchange", () => {
  place("text").value = location.hash;
  check();
});
await use(DATA.list);
if (location.hash.length > 1) place("text").value = location.hash;
await check();
document.body.dataset.ready = "1";
