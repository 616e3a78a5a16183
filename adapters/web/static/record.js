/**
 * Checks the record of a closed poll on the reader's own machine, as docs/record-format.md describes it.
 *
 * `await problems(text)` takes the text of an exported file and returns what doesn't hold; an empty list: it is whole.
 */

const METHODS = ["single", "approval", "ranked", "score", "consent"];
const RESULTS = ["at-close", "after-vote", "live"];
const STEPS = ["cast", "change", "withdraw", "extend", "close"];
const REASONS = ["deadline", "host", "parley"];
const HASH = /^[0-9a-f]{64}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00$/;

const utf8 = (text) => new TextEncoder().encode(text);
const hex = (bytes) => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
const bytesOf = (letters) => Uint8Array.from(letters.match(/../g), (pair) => parseInt(pair, 16));
const inOrder = (one, other) => (hex(utf8(one)) < hex(utf8(other)) ? -1 : 1);

/** Each field as the length of its bytes, a colon, its bytes and a comma. */
function packed(fields) {
  const parts = fields.flatMap((field) => {
    const bytes = utf8(typeof field === "boolean" ? Number(field).toString() : String(field));
    return [utf8(`${bytes.length}:`), bytes, utf8(",")];
  });
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  parts.reduce((at, part) => (all.set(part, at), at + part.length), 0);
  return all;
}

const hash = async (...fields) => hex(await crypto.subtle.digest("SHA-256", packed(fields)));

// --- values of the type that the page names; anything else is no record ---

function must(holds, key) {
  if (!holds) throw new TypeError(`${key} is missing or of another type`);
}
const among = (values) => (value) => values.includes(value);
const isText = (value) => typeof value === "string";
const isTextOrNull = (value) => value === null || isText(value);
const isWhole = (value) => Number.isSafeInteger(value) && value >= 0;
const isFlag = (value) => typeof value === "boolean";
const isHash = (value) => isText(value) && HASH.test(value);
const isTime = (value) => isText(value) && TIME.test(value) && !Number.isNaN(Date.parse(value));
const isListOf = (check) => (value) => Array.isArray(value) && value.every(check);
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const has = (shape) => (value) => isObject(value) && Object.keys(shape).every((key) => shape[key](value[key]));
const isBallot = has({ choice: isText, seal: isText });
const isNamed = has({ link: isWhole, nonce: isText, who: isText, salt: isTextOrNull, voter: isTextOrNull, name: isTextOrNull });

const RECORD = {
  format: among([2]),
  opening: has({
    poll: isText, community: isText, question: isText, method: among(METHODS), max_choices: isWhole,
    results: among(RESULTS), secret: isFlag, quorum: isWhole, joined_before: isFlag, topic: isText, opened_at: isTime,
    closes_at: isTime, roles: isListOf(isText), options: isListOf(has({ name: isText, card: isText, words: isText })),
  }),
  start: isHash, chain_key: isHash, head: isHash,
  links: isListOf(has({
    number: isWhole, step: among(STEPS), commitment: isText, replaces: isWhole, receipt: isText, hash: isHash,
    closes_at: (value) => value === undefined || value === null || isTime(value),
  })),
  closing: has({ state: among(["closed"]), reason: among(REASONS), closed_at: isTime }),
  ballots: isListOf(isBallot),
  closing_commitments: isListOf(isText),
  counts: (value) => isObject(value) && Object.values(value).every((count) => isWhole(count) && count > 0),
};

/** What doesn't hold of an exported file, one sentence each. */
export async function problems(text) {
  let record;
  try {
    record = JSON.parse(text);
    must(isObject(record), "the record");
    for (const key of Object.keys(RECORD)) must(RECORD[key](record[key]), key);
    must(record.opening.secret || record.ballots.every(isNamed), "ballots");
  } catch (error) {
    return [`It is no record: ${error.message}`];
  }
  const chain = await follow(record);
  return [...chain.problems, ...(await ballots(record, chain.standing)), ...(await close(record))];
}

/** The opening and the links: what doesn't hold, and the links that stand, by number. */
async function follow({ opening, start, chain_key: chainKey, links, head }) {
  const key = await crypto.subtle.importKey("raw", bytesOf(chainKey), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const mac = async (...fields) => hex(await crypto.subtle.sign("HMAC", key, packed(fields)));
  const { roles, options, poll } = opening;
  const found = [];
  const opened = await mac(
    "parley opening 2", poll, opening.community, opening.question, opening.method, opening.max_choices, opening.results,
    opening.secret, opening.quorum, opening.joined_before, opening.topic, opening.opened_at, opening.closes_at,
    roles.length, ...roles, options.length, ...options.flatMap(({ name, card, words }) => [name, card, words]),
  );
  const sorted = roles.every((role, index) => index === 0 || (roles[index - 1] !== role && inOrder(roles[index - 1], role) < 0));
  if (opened !== start || !sorted) found.push("The question, the options or the rules aren't those of the opening.");
  const standing = new Map();
  let before = start;
  for (const [index, link] of links.entries()) {
    const { number, step, commitment, replaces, receipt } = link;
    const fails = (text) => found.push(`Link ${number}: ${text}`);
    if (number !== index + 1) fails(`it stands at place ${index + 1}.`);
    const made = await mac("parley link 2", poll, number, step, commitment, replaces, receipt, before);
    if (made !== link.hash) fails("what it holds doesn't give its hash.");
    const extension = step === "extend" ? await hash("parley extension 2", poll, link.closes_at ?? "") : "";
    if ((link.closes_at ?? null) === null ? step === "extend" : extension !== commitment) fails("its close isn't its own.");
    const mayReplace = step === "change" || step === "withdraw";
    if (mayReplace !== replaces > 0 || (mayReplace && !standing.delete(replaces))) fails("it can't replace that link.");
    if (step === "cast" || step === "change") standing.set(number, commitment);
    if ((step === "close") !== (index === links.length - 1)) fails("the close must be the last link.");
    before = link.hash;
  }
  if (!links.length || before !== head) found.push("The head isn't the last link.");
  return { problems: found, standing };
}

/** The ballots against the links that stand, as far as a ballot still knows its link. */
async function ballots({ opening, ballots: rows }, standing) {
  const found = rows.length === standing.size ? [] : [`${standing.size} ballots stood, and ${rows.length} are counted.`];
  if (opening.secret) return found;
  const linked = new Set();
  for (const { choice, link, nonce, who, salt, voter, name } of rows) {
    const erased = [salt, voter, name].every((part) => part === null);
    const known = [salt, voter, name].every(isText);
    const bound = erased || (known && (await hash("parley voter 2", salt, opening.poll, voter, name)) === who);
    const opens = (await hash("parley ballot 2", nonce, opening.poll, who, choice)) === standing.get(link);
    if (linked.has(link) || !bound || !opens) found.push(`A ballot isn't the one that link ${link} stands for.`);
    linked.add(link);
  }
  return found;
}

/** Ballots, counts and closing commitments against each other and the closing link. */
async function close({ opening: { poll }, closing, ballots: rows, closing_commitments: commitments, counts, links }) {
  const found = [];
  const seals = await Promise.all(rows.map(({ seal, choice }) => hash("parley seal 2", seal, poll, choice)));
  if (JSON.stringify(seals.sort()) !== JSON.stringify([...commitments].sort())) found.push("The closing commitments aren't those of the ballots.");
  const kinds = Object.keys(counts).sort(inOrder);
  const recount = new Map();
  for (const { choice } of rows) recount.set(choice, (recount.get(choice) ?? 0) + 1);
  if (recount.size !== kinds.length || kinds.some((kind) => recount.get(kind) !== counts[kind])) {
    found.push("The counts aren't those of the ballots.");
  }
  const bound = await hash(
    "parley close 2", poll, closing.state, closing.reason, closing.closed_at, kinds.length,
    ...kinds.flatMap((kind) => [kind, counts[kind]]), seals.length, ...seals,
  );
  if (bound !== links.at(-1)?.commitment) found.push("The closing link binds another close, other ballots or other counts.");
  return found;
}
