/** One message as elements. What people and editors wrote ends in text nodes; only http and https addresses link. */

import { pollPage } from "./api.js";
import { el, fill, newId } from "./dom.js";

/** From so many characters on, a field takes the whole width. */
const LONG_FIELD = 160;
const clock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "long", hour: "numeric", minute: "2-digit" });
const distance = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const STEPS = [["day", 86_400_000], ["hour", 3_600_000], ["minute", 60_000]];
const WEEK_MS = 6 * 86_400_000;

/**
 * @param {object} message  as the server gives it
 * @param {{words: Record<string, string>, members: Map<string, object>, use: Function, save: Function}} page
 *   `use(control, body)` runs an action and resolves when it has been answered; `save(control, file, index)` saves a file
 */
export function messageElement(message, page) {
  const author = page.members.get(message.author);
  const said = message.text && el("p", { className: "said", dir: "auto" }, message.text);
  if (said && message.text.startsWith("/")) said.classList.add("command");
  return el(
    "div",
    { className: `message ${author ? "person" : "bot"}${message.private ? " private" : ""}`, id: `m-${message.id}` },
    avatar(author),
    el(
      "div",
      { className: "content" },
      el(
        "p",
        { className: "byline" },
        el("bdi", { className: "name" }, author ? author.name : "Parley"),
        time(message.at),
        message.private && !author && el("span", { className: "aside" }, page.words.only_you),
      ),
      said,
      ...message.cards.map((card) => cardElement(card, message, page)),
      message.files.length > 0 &&
        el("div", { className: "files" }, ...message.files.map((file, index) => fileElement(file, index, page))),
    ),
  );
}

export function avatar(member) {
  const initial = member ? [...member.name][0] : "";
  const face = el("span", { className: "face", "aria-hidden": "true" }, initial);
  face.dataset.who = member ? member.index : "bot";
  return face;
}

function time(at) {
  const date = new Date(at);
  const today = date.toDateString() === new Date().toDateString();
  return el("time", { dateTime: at, title: moment.format(date) }, (today ? clock : moment).format(date));
}

function fileElement(file, index, page) {
  const save = (event) => page.save(event.currentTarget, file, index);
  return el(
    "button",
    { className: "button secondary file", type: "button", onclick: save },
    el("bdi", {}, fill(page.words.save, file)),
    " ",
    el("small", {}, size(file.size)),
  );
}

const UNITS = ["byte", "kilobyte", "megabyte"];

/** How large a file is, as people say it. */
function size(bytes) {
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), UNITS.length - 1);
  const style = { style: "unit", unit: UNITS[power], unitDisplay: power ? "short" : "long", maximumFractionDigits: 1 };
  return new Intl.NumberFormat(undefined, style).format(bytes / 1000 ** power);
}

function cardElement(card, message, page) {
  const heading = newId("card");
  const title = card.title && el("h3", { id: heading, dir: "auto" }, card.url ? link(card.url, card.title) : card.title);
  const article = el(
    "article",
    { className: "card", "aria-labelledby": title ? heading : null },
    title,
    ...blocks(card.grid ? card.body.filter(({ kind }) => kind !== "item") : card.body), // the form shows the options
    card.image && pictureElement(card.image),
    card.fields.length > 0 && el("div", { className: "fields" }, ...card.fields.map(fieldElement)),
    (card.footer || card.page) && footerElement(card, page),
    ...(card.grid ? [gridElement(card.grid, message, page)] : controlElements(card.controls, message, page)),
  );
  article.dataset.tone = card.tone;
  return article;
}

/** The first screen: a heading, a few sentences, and a list of what can be pressed. */
export function welcomeElement(card, page) {
  const offered = card.controls.map((control) => el("li", {}, buttonElement(control, { id: "" }, page)));
  return el("div", {}, el("h2", { dir: "auto" }, card.title), ...blocks(card.body), el("ul", {}, ...offered));
}

/** A chart, with a drawing of its own for narrow screens. */
function pictureElement({ src, narrow, alt }) {
  const source = narrow && el("source", { srcset: narrow, media: "(max-width: 34rem)" });
  return el("picture", {}, source, el("img", { className: "picture", src, alt }));
}

function footerElement(card, page) {
  const name = card.page?.startsWith("/discussions/") ? page.words.discussion_page : page.words.poll_page;
  const more = card.page && el("a", { href: pollPage(card.page), target: "_blank", rel: "noopener" }, name);
  const said = card.footer && el("span", { dir: "auto" }, card.footer);
  return el("p", { className: "footer" }, said, said && more && " · ", more);
}

/** The controls in the order given; neighbouring buttons share a row. */
function controlElements(controls, message, page) {
  const made = [];
  let row = null;
  for (const control of controls) {
    if (control.kind !== "button") {
      row = null;
      made.push(selectElement(control, message, page));
      continue;
    }
    if (row === null) made.push((row = el("div", { className: "buttons" })));
    row.append(buttonElement(control, message, page));
  }
  return made;
}

function selectElement(select, message, page) {
  if (select.steps) return stepsOf(select, message, page);
  if (select.links) return linksOf(select, message, page);
  const element = (select.most > 1 || select.least === 0 ? severalOf : oneOf)(select, message, page);
  element.dataset.key = select.action;
  element.addEventListener("change", () => (element.dataset.touched = ""));
  return element;
}

function fieldElement(field) {
  const long = field.value.flatMap(({ inlines }) => inlines).reduce((sum, { text }) => sum + text.length, 0) > LONG_FIELD;
  const className = long ? "field wide" : "field";
  return el("div", { className }, el("h4", { dir: "auto" }, field.name), ...blocks(field.value));
}

/** Paragraphs and quotes as they come; neighbouring items share a list. */
export function blocks(content) {
  const made = [];
  let list = null;
  for (const block of content) {
    const inlines = block.inlines.map(inline);
    if (block.kind !== "item") {
      list = null;
      const quoted = block.kind === "quote";
      made.push(el(quoted ? "blockquote" : "p", { dir: "auto" }, ...inlines));
      continue;
    }
    const tag = block.number === null ? "ul" : "ol";
    if (list?.localName !== tag) {
      list = el(tag);
      if (block.number !== null) list.start = block.number;
      made.push(list);
    }
    list.append(el("li", { dir: "auto" }, ...inlines));
  }
  return made;
}

function inline(piece) {
  switch (piece.kind) {
    case "bold":
      return el("strong", {}, piece.text);
    case "italic":
      return el("em", {}, piece.text);
    case "code":
      return el("code", {}, piece.text);
    case "link":
      return link(piece.url, piece.text);
    case "time":
      return el("time", { dateTime: piece.at, title: piece.text }, momentWords(new Date(piece.at)));
    default:
      return /^[█░]+/.test(piece.text) ? barred(piece.text) : document.createTextNode(piece.text);
  }
}

/** A moment in the reader's zone and, for one to come, how far it is: “Friday 18:00 (in 2 days)”. */
function momentWords(date) {
  const ahead = date - Date.now();
  if (ahead <= 0) return moment.format(date);
  const [unit, span] = STEPS.find(([, each]) => ahead >= each) ?? STEPS.at(-1);
  const format = ahead < WEEK_MS ? weekday : moment;
  return `${format.format(date)} (${distance.format(Math.round(ahead / span), unit)})`;
}

/** A bar of text in colour, which is not read out: the numbers beside it say the same. */
function barred(text) {
  const [, full, rest, words] = text.match(/^(█*)(░*)(.*)$/su);
  const bar = el("span", { className: "bar", "aria-hidden": "true" }, el("span", {}, full), rest);
  return el("span", {}, bar, words);
}

function link(url, text) {
  if (!/^https?:\/\//i.test(url)) return document.createTextNode(text);
  return el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, text);
}

function buttonElement(button, message, page) {
  const className = `button ${button.style}`;
  if (!button.action) {
    if (!button.url) return el("button", { className, type: "button", disabled: true }, button.label);
    const anchor = link(button.url, button.label);
    anchor.className = className;
    return anchor;
  }
  const press = (event) => page.use(event.currentTarget, { action: button.action, message: message.id, values: [] });
  const props = { className, type: "button", disabled: button.disabled, onclick: press };
  return keyed(el("button", props, button.label), button.action);
}

const keyed = (element, key) => {
  element.dataset.key = key;
  return element;
};

/** A step of a ballot: each option is a button, so that a step takes one press. A key held down takes one step only. */
function stepsOf(select, message, page) {
  const options = select.options.map(({ label, value, description }) => {
    const press = (event) => page.use(event.currentTarget, { action: select.action, message: message.id, values: [value] });
    const held = (event) => event.repeat && event.preventDefault();
    const props = { className: "button step", type: "button", onclick: press, onkeydown: held };
    const step = el("button", props, el("span", { dir: "auto" }, label), " ", description && el("small", {}, description));
    return keyed(step, `${select.action} ${value}`);
  });
  return el(
    "fieldset",
    { className: "steps" },
    el("legend", { dir: "auto" }, select.label),
    el("div", { className: "buttons" }, ...options),
  );
}

/** From so many entries on, a list shows the first ones and keeps the rest folded. */
const FOLDED = 8;

/** Entries to open, one press each. */
function linksOf(select, message, page) {
  const entry = ({ label, value, description }) => {
    const open = (event) => page.use(event.currentTarget, { action: select.action, message: message.id, values: [value] });
    const link = el("button", { className: "link", type: "button", dir: "auto", onclick: open }, label);
    return el("li", {}, keyed(link, `${select.action} ${value}`), " ", description && el("small", {}, description));
  };
  const name = newId("list");
  const entries = select.options.map(entry);
  const rest = entries.length > FOLDED + 1 ? entries.splice(FOLDED) : [];
  const summary = el("summary", {}, fill(page.words.rest, { n: rest.length }));
  return el(
    "nav",
    { className: "links", "aria-labelledby": name },
    el("p", { id: name, className: "label", dir: "auto" }, select.label),
    el("ul", {}, ...entries),
    rest.length > 0 && el("details", {}, summary, el("ul", {}, ...rest)),
  );
}

/** A ballot as one form: a list for each row, and one button. */
function gridElement(grid, message, page) {
  const rows = grid.rows.map((row) => {
    const id = newId("row");
    const columns = grid.columns.map((column) => ({ ...column, chosen: column.value === row.description }));
    const none = grid.columns.some(({ value }) => value === "0") ? page.words.score : page.words.rank;
    const list = optionList(columns, { id }, none, true);
    list.name = row.value;
    return el("div", { className: "row" }, el("label", { htmlFor: id, dir: "auto" }, row.label), list);
  });
  const send = (event) => {
    event.preventDefault();
    const lists = [...event.currentTarget.querySelectorAll("select")].filter(({ value }) => value);
    const values = lists.map(({ name, value }) => `${name}=${value}`);
    page.use(event.submitter, { action: grid.action, message: message.id, values });
  };
  const button = el("button", { className: "button primary" }, grid.send);
  return el("form", { className: "grid", onsubmit: send }, ...rows, el("div", { className: "buttons" }, button));
}

const stops = (within) => [...within.querySelectorAll("button, select, input, a")].filter((stop) => !stop.disabled);
const keyOf = (stop) => [stop.closest("form")?.dataset.key, stop.dataset.key ?? stop.value ?? stop.href, stop.type].join();

/** Where to go on, in a message that was redrawn, from a control of the old one: the same control, else the next step. */
export function successor(element, stood) {
  const offered = stops(element);
  return (
    offered.find((stop) => keyOf(stop) === keyOf(stood)) ??
    offered.find((stop) => stop.matches(".steps button")) ??
    offered.find((stop) => stop.matches("button")) ??
    offered[0]
  );
}

/** What was picked in a message and not sent yet is kept when the message is redrawn. */
export function carry(old, element) {
  for (const touched of old.querySelectorAll("form[data-touched]")) {
    const form = [...element.querySelectorAll("form[data-key]")].find(({ dataset }) => dataset.key === touched.dataset.key);
    if (!form) continue;
    form.dataset.touched = "";
    const picked = new Set([...touched.querySelectorAll("input:checked, select")].map(({ value }) => value));
    for (const box of form.querySelectorAll("input")) box.checked = picked.has(box.value);
    for (const list of form.querySelectorAll("select")) list.value = [...picked][0] ?? "";
  }
}

/** A list of which one is picked, and a button: choosing with the arrow keys must not send anything yet. */
function oneOf(select, message, page) {
  const id = newId("select");
  const list = optionList(select.options, { id, required: true }, page.words.choose);
  const send = (event) => {
    event.preventDefault();
    page.use(event.submitter ?? list, { action: select.action, message: message.id, values: [list.value] });
  };
  return el(
    "form",
    { className: "pick", onsubmit: send },
    el("label", { htmlFor: id }, select.label),
    el("div", { className: "row" }, list, sendButton(select, page.words)),
  );
}

/** A list to pick from; with `optional`, one can go back to none. */
export function optionList(options, props, placeholder, optional = false) {
  const chosen = options.some((option) => option.chosen);
  return el(
    "select",
    props,
    el("option", { value: "", disabled: !optional, selected: !chosen }, placeholder),
    ...options.map((option) => {
      const label = option.description ? `${option.label} · ${option.description}` : option.label;
      return el("option", { value: option.value, selected: option.chosen }, label);
    }),
  );
}

function severalOf(select, message, page) {
  const { group, values, complain } = checkList(select, page.words);
  const send = (event) => {
    event.preventDefault();
    const picked = values();
    const wrong = picked.length < select.least || picked.length > select.most;
    complain(wrong ? fill(page.words.several, select) : "");
    if (!wrong) page.use(event.submitter ?? group, { action: select.action, message: message.id, values: picked });
  };
  return el("form", { className: "pick", noValidate: true, onsubmit: send }, group, sendButton(select, page.words));
}

const sendButton = ({ votes }, words) =>
  el("button", { className: `button ${votes ? "primary" : "secondary"}` }, votes ? words.vote : words.pick);

/** Check boxes under one label. */
export const checkList = (list, words) => boxList(list, "checkbox", fill(words.several, list));

/** Check boxes or radio buttons under one label. `values()` are the ticked ones in the order shown. */
export function boxList({ label, options }, type, hintWords) {
  const hint = el("p", { id: newId("hint"), className: "hint", dir: "auto" }, hintWords);
  const name = newId("boxes");
  const error = el("p", { id: newId("error"), className: "error", role: "alert" });
  const boxes = options.map((option) =>
    el("input", { type, name, value: option.value, checked: option.chosen, id: newId("box") }),
  );
  const group = el(
    "fieldset",
    { className: "checks", "aria-describedby": `${hint.id} ${error.id}` },
    el("legend", {}, label),
    hint,
    ...options.map((option, index) =>
      el(
        "label",
        { htmlFor: boxes[index].id },
        boxes[index],
        el("span", { dir: "auto" }, option.label, option.description && el("small", {}, option.description)),
      ),
    ),
    error,
  );
  return {
    group,
    boxes,
    values: () => boxes.filter((box) => box.checked).map((box) => box.value),
    complain: (sentence) => {
      error.textContent = sentence;
      if (sentence) boxes[0]?.focus();
    },
  };
}
