/** Completion of the line as an ARIA 1.2 combobox: the focus stays in the input, the list is pointed at. */

import { el, fill } from "./dom.js";

const WAIT_MS = 60;

export class Completion {
  #input;
  #list;
  #status;
  #ask;
  #words;
  #suggestions = [];
  #active = -1;
  #timer = 0;
  #asked = null;

  /** `ask(line, signal)` resolves to suggestions, each with a label, a description and the line that it makes. */
  constructor({ input, list, status, words, ask }) {
    this.#input = input;
    this.#list = list;
    this.#status = status;
    this.#words = words;
    this.#ask = ask;
    input.addEventListener("input", () => this.#later());
    input.addEventListener("blur", () => this.close());
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.#take(Number(option.dataset.index));
    });
  }

  /** Handles a key of the open list; true if nobody else should. */
  key(event) {
    if (event.key === "ArrowDown" && this.#list.hidden && this.#input.value.startsWith("/")) {
      this.#later();
      return true;
    }
    if (this.#list.hidden || event.isComposing) return false;
    switch (event.key) {
      case "ArrowDown":
        return this.#choose(this.#active + 1);
      case "ArrowUp":
        return this.#choose(this.#active < 0 ? this.#suggestions.length - 1 : this.#active - 1);
      case "Enter":
        return this.#active >= 0 && this.#take(this.#active);
      case "Tab":
        return !event.shiftKey && this.#take(Math.max(this.#active, 0));
      case "Escape":
        this.close();
        return true;
      default:
        return false;
    }
  }

  close() {
    this.#stopAsking();
    this.#show([]);
  }

  #later() {
    this.#stopAsking();
    if (!this.#input.value.startsWith("/")) {
      this.#show([]);
      return;
    }
    this.#timer = setTimeout(() => this.#now(), WAIT_MS);
  }

  #stopAsking() {
    clearTimeout(this.#timer);
    this.#asked?.abort();
  }

  async #now() {
    const asked = new AbortController();
    this.#asked = asked;
    try {
      const found = await this.#ask(this.#input.value, asked.signal);
      if (!asked.signal.aborted) this.#show(found);
    } catch {
      if (!asked.signal.aborted) this.#show([]); // The line can be sent without suggestions.
    }
  }

  #show(suggestions) {
    this.#suggestions = suggestions;
    this.#list.replaceChildren(
      ...suggestions.map((suggestion, index) => {
        const option = el(
          "li",
          { role: "option", id: `suggestion-${index}`, "aria-selected": "false" },
          el("span", { className: "label", dir: "auto" }, suggestion.label),
          suggestion.description && el("small", { dir: "auto" }, suggestion.description),
        );
        option.dataset.index = index;
        return option;
      }),
    );
    this.#list.hidden = suggestions.length === 0;
    this.#list.scrollTop = 0;
    this.#input.setAttribute("aria-expanded", String(!this.#list.hidden));
    this.#status.textContent = suggestions.length ? fill(this.#words.suggestion_count, { n: suggestions.length }) : "";
    this.#point(-1);
  }

  /** Points at a suggestion. No later list replaces the one that the member chooses from. */
  #choose(index) {
    this.#stopAsking();
    return this.#point(index);
  }

  #point(index) {
    const count = this.#suggestions.length;
    this.#active = index < 0 || count === 0 ? -1 : index % count;
    [...this.#list.children].forEach((option, at) => {
      option.setAttribute("aria-selected", String(at === this.#active));
      if (at === this.#active) option.scrollIntoView({ block: "nearest" });
    });
    if (this.#active < 0) this.#input.removeAttribute("aria-activedescendant");
    else this.#input.setAttribute("aria-activedescendant", `suggestion-${this.#active}`);
    return true;
  }

  #take(index) {
    const { line } = this.#suggestions[index];
    this.#input.value = line;
    this.#input.setSelectionRange(line.length, line.length);
    this.close();
    if (line.endsWith(" ") || line.endsWith(":")) this.#later();
    return true;
  }
}
