/** The preview's page: a list to search, cards that follow the files, the web's cards drawn by the chat's own script. */

import { byId, el } from "./dom.js";
import { messageElement } from "./message.js";

const words = JSON.parse(document.body.dataset.words);
const CHAT_STYLES = ["/static/theme.css", "/static/style.css"];
let number = Number(document.body.dataset.reading);
let lost = false;

/** The chat's styles stay with its cards: they stand in a tree of their own. */
function drawWeb(within) {
  for (const place of within.querySelectorAll(".web:not([data-drawn])")) {
    place.dataset.drawn = "";
    const message = { id: "preview", at: new Date().toISOString(), cards: JSON.parse(place.dataset.cards), files: [], private: true };
    const drawn = messageElement(message, { words, members: new Map(), use: () => {}, save: () => {} });
    drawn.querySelector("time")?.remove();
    for (const control of drawn.querySelectorAll("button, select, input")) control.disabled = true;
    for (const form of drawn.querySelectorAll("form")) form.addEventListener("submit", (event) => event.preventDefault());
    const styles = CHAT_STYLES.map((href) => el("link", { rel: "stylesheet", href }));
    place.attachShadow({ mode: "open" }).append(...styles, drawn);
  }
}

/** Shows the entries that hold every word of the search, and opens the lists that have some. */
function search() {
  const wanted = byId("search")?.value.toLowerCase().split(/\s+/).filter(Boolean) ?? [];
  const items = [...document.querySelectorAll("#entries [data-search]")];
  let found = 0;
  for (const item of items) {
    item.hidden = !wanted.every((word) => item.dataset.search.includes(word));
    found += !item.hidden;
  }
  for (const group of document.querySelectorAll("#entries details")) {
    const some = [...group.querySelectorAll("li")].some((item) => !item.hidden);
    group.hidden = !some;
    if (wanted.length > 0) group.open = some;
  }
  if (byId("found")) byId("found").textContent = wanted.length > 0 ? `${found} found` : "";
}

/** Fetches the page again and replaces the parts that differ. What was opened or typed stays. */
async function refresh(reading) {
  const response = await fetch(location.href, { cache: "no-store" });
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  const typed = byId("search")?.value ?? "";
  for (const part of document.querySelectorAll("[data-live]")) {
    replace(part, fresh.querySelector(`[data-live="${part.dataset.live}"]`));
  }
  document.title = fresh.title;
  if (byId("search")) byId("search").value = typed;
  search();
  drawWeb(document);
  number = Number(fresh.body.dataset.reading);
  const summary = byId("files-summary").textContent;
  byId("hearing").textContent = reading.errors > 0 ? `The files have ${summary}` : `The page follows the files: ${summary}`;
}

function replace(part, fresh) {
  if (!fresh) return;
  const stops = (within) => [...within.querySelectorAll("summary, a, input")];
  const at = stops(part).indexOf(document.activeElement);
  const opened = new Set([...part.querySelectorAll("details[open] > summary")].map(({ textContent }) => textContent));
  for (const summary of fresh.querySelectorAll("details > summary")) {
    if (opened.has(summary.textContent)) summary.parentElement.open = true;
  }
  const scrolled = part.scrollTop;
  part.replaceWith(fresh);
  fresh.scrollTop = scrolled;
  if (at >= 0) stops(fresh)[at]?.focus({ preventScroll: true });
}

function follow() {
  const events = new EventSource("/api/events");
  events.addEventListener("reading", (event) => {
    const reading = JSON.parse(event.data);
    if (lost || reading.number !== number) refresh(reading).catch(() => {}); // The next event tries again.
    lost = false;
    document.body.dataset.followed = "";
  });
  events.addEventListener("error", () => {
    lost = true;
    byId("hearing").textContent = "The preview is not running. This page comes back when it does.";
  });
}

drawWeb(document);
document.addEventListener("input", (event) => event.target.id === "search" && search());
follow();
