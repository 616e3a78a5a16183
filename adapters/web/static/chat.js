/** The page: who one is, what was said, and the box to say more. */

import { Refusal, Server } from "./api.js";
import { Completion } from "./completion.js";
import { byId, el } from "./dom.js";
import { openForm } from "./form.js";
import { avatar, carry, messageElement, successor, welcomeElement } from "./message.js";

const NEAR_END = 80;
const MARGINS = 64;
const NOTICE_MS = 6000;
const SAVING_MS = 60_000;
const DOUBLE_CLICK_MS = 300;

class Page {
  #server = new Server();
  #hello;
  #members = new Map();
  #shown = new Map();
  #stream = null;
  #ready = false;
  #lost = false;
  #typed = [];
  #recalled = 0;
  #noticeTimer = 0;
  #clicked = { timeStamp: 0, clientX: 0, clientY: 0 };
  #scroll = byId("scroll");
  #log = byId("log");
  #line = byId("line");
  #completion;

  async start() {
    this.#hello = await this.#untilAnswered();
    this.#hello.members.forEach((member, index) => this.#members.set(member.id, { ...member, index }));
    this.#offerMembers();
    this.#completion = new Completion({
      input: this.#line,
      list: byId("suggestions"),
      status: byId("hearing"),
      words: this.#hello.words,
      ask: async (line, signal) => (await this.#server.send("complete", { line }, { signal })).suggestions,
    });
    byId("composer").addEventListener("submit", (event) => this.#submitted(event));
    this.#line.addEventListener("keydown", (event) => this.#key(event));
    byId("newer").addEventListener("click", () => this.#toEnd());
    this.#scroll.addEventListener("scroll", () => this.#atEnd() && this.#newer(false));
    this.#log.addEventListener("click", (event) => this.#onlyOnce(event), true);
    this.#become(this.#remembered());
    this.#line.focus({ preventScroll: true });
  }

  async #untilAnswered() {
    for (;;) {
      try {
        return await this.#server.hello();
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
    }
  }

  // --- who one is ---

  #remembered() {
    const kept = sessionStorage.getItem("member");
    return this.#members.has(kept) ? kept : this.#members.keys().next().value;
  }

  get #me() {
    return this.#members.get(this.#server.member);
  }

  #offerMembers() {
    const offered = [...this.#members.values()].map((member) =>
      el(
        "label",
        { className: "member" },
        el("input", {
          type: "radio",
          name: "member",
          value: member.id,
          checked: member.id === this.#remembered(),
          onchange: () => this.#become(member.id),
        }),
        avatar(member),
        el("bdi", {}, member.name),
        member.moderator && el("small", {}, this.#hello.words.moderator),
      ),
    );
    byId("members").replaceChildren(...offered);
  }

  /** From now on this person acts and reads; the conversation is shown again as they see it. */
  #become(id) {
    sessionStorage.setItem("member", id);
    this.#server.member = id;
    this.#offerCommands();
    this.#stream?.close();
    this.#ready = false;
    this.#log.setAttribute("aria-live", "off");
    this.#log.replaceChildren();
    this.#shown.clear();
    this.#newer(false);
    this.#welcome(false);
    this.#offerWelcome();
    this.#stream = this.#server.follow({
      heard: (message) => this.#heard(message),
      ready: () => this.#caughtUp(),
      lost: () => this.#disconnected(),
    });
  }

  // --- what was said ---

  #heard(message) {
    const known = this.#shown.get(message.id);
    const follow = this.#ready && this.#atEnd();
    this.#put(message);
    if (this.#ready && !known) follow ? this.#toEnd() : this.#newer(true);
  }

  /** Shows a message, new or changed, at its place in the conversation. */
  #put(message) {
    const known = this.#shown.get(message.id);
    if (known && known.changed >= message.changed) return known.element;
    const element = messageElement(message, {
      words: this.#hello.words,
      members: this.#members,
      use: (control, body) => this.#use(control, body),
      save: (control, file, index) => this.#save(control, message.id, file, index),
    });
    element.dataset.order = known ? known.element.dataset.order : message.order;
    if (known) this.#redraw(known.element, element);
    else this.#insert(element, message.order);
    const mine = message.private || message.author === this.#server.member;
    this.#shown.set(message.id, { changed: message.changed, element, mine });
    if (mine) this.#welcome(false);
    return element;
  }

  #insert(element, order) {
    let before = this.#log.lastElementChild;
    while (before && Number(before.dataset.order) > order) before = before.previousElementSibling;
    if (before) before.after(element);
    else this.#log.prepend(element);
  }

  /** Replaces a message. What was ticked and not sent stays ticked, and the focus stays on its control. */
  #redraw(old, element) {
    const stood = old.contains(document.activeElement) ? document.activeElement : null;
    carry(old, element);
    old.replaceWith(element);
    if (stood) (successor(element, stood) ?? this.#line).focus({ preventScroll: true });
  }

  #caughtUp() {
    if (this.#lost) this.#notice(this.#hello.words.back, NOTICE_MS / 2);
    this.#lost = false;
    const first = !this.#acted();
    this.#welcome(first);
    if (!this.#ready && !first) this.#toEnd();
    this.#ready = true;
    this.#log.setAttribute("aria-live", "polite");
  }

  #disconnected() {
    this.#lost = true;
    this.#notice(this.#hello.words.lost);
  }

  // --- what one does ---

  #submitted(event) {
    event.preventDefault();
    const line = this.#line.value;
    if (!line.trim()) return;
    this.#completion.close();
    this.#line.value = "";
    this.#typed.push(line);
    this.#recalled = this.#typed.length;
    this.#say(line);
  }

  async #say(line) {
    const answer = await this.#try("say", { line }, this.#hello.words.not_sent);
    if (answer === null && !this.#line.value) this.#line.value = line;
    if (answer?.form) this.#openForm(answer.form, "");
  }

  /** The second half of a double click must not use what has taken the place of the control that was clicked. */
  #onlyOnce(event) {
    const { timeStamp, clientX, clientY, detail } = event;
    const last = this.#clicked;
    const same = Math.abs(clientX - last.clientX) < 4 && Math.abs(clientY - last.clientY) < 4;
    if (detail && same && timeStamp - last.timeStamp < DOUBLE_CLICK_MS) {
      event.preventDefault();
      event.stopPropagation();
    }
    this.#clicked = { timeStamp, clientX, clientY };
  }

  async #use(control, body) {
    if (control.getAttribute("aria-busy") === "true") return;
    control.setAttribute("aria-busy", "true");
    const answer = await this.#try("press", body);
    control.removeAttribute("aria-busy");
    if (answer?.form) this.#openForm(answer.form, body.message);
  }

  /** Fetches a file and hands it to the browser to save. */
  async #save(control, message, file, index) {
    if (control.getAttribute("aria-busy") === "true") return;
    control.setAttribute("aria-busy", "true");
    try {
      const address = URL.createObjectURL(await this.#server.file(message, index));
      el("a", { href: address, download: file.name }).click();
      setTimeout(() => URL.revokeObjectURL(address), SAVING_MS);
    } catch (error) {
      this.#notice(error instanceof Refusal ? error.message : this.#hello.words.no_answer, NOTICE_MS);
    }
    control.removeAttribute("aria-busy");
  }

  #openForm(form, message) {
    const submit = (answers) => this.#try("submit", { action: form.action, answers, message });
    openForm(form, this.#hello.words, submit);
  }

  /** Asks the server and shows what it answers; says so and returns null where it does not. */
  async #try(path, body, unanswered = this.#hello.words.no_answer) {
    const member = this.#server.member;
    try {
      const answer = await this.#server.send(path, body);
      if (member === this.#server.member) this.#answered(answer.messages);
      return answer;
    } catch (error) {
      this.#notice(error instanceof Refusal ? error.message : unanswered, NOTICE_MS);
      return null;
    }
  }

  #answered(messages) {
    const elements = messages.map((message) => this.#put(message));
    if (elements.length === 0) return;
    const first = elements[0];
    const tall = first.parentElement.lastElementChild.getBoundingClientRect().bottom - first.getBoundingClientRect().top;
    if (tall + MARGINS < this.#scroll.clientHeight) this.#toEnd();
    else first.scrollIntoView({ block: "start" });
  }

  #key(event) {
    if (this.#completion.key(event)) {
      event.preventDefault();
      return;
    }
    if (event.key === "ArrowUp" && (!this.#line.value || this.#line.value === this.#typed[this.#recalled])) {
      if (this.#recalled === 0) return;
      event.preventDefault();
      this.#line.value = this.#typed[--this.#recalled];
    }
  }

  #offerCommands() {
    const mine = this.#hello.commands.filter(({ members }) => members || this.#me.moderator);
    const offered = mine.map((command) =>
      el(
        "li",
        {},
        el(
          "button",
          { type: "button", title: command.description, onclick: () => this.#begin(`/${command.name} `) },
          command.usage,
        ),
      ),
    );
    byId("commands").replaceChildren(...offered);
  }

  #begin(line) {
    this.#line.value = line;
    this.#line.focus();
    this.#line.dispatchEvent(new Event("input"));
  }

  // --- the first screen ---

  /** Shows what there is to ask, until this member has asked something. */
  async #offerWelcome() {
    const member = this.#server.member;
    const cards = await this.#server.welcome();
    if (member !== this.#server.member) return;
    const page = { words: this.#hello.words, use: (control, body) => this.#use(control, body) };
    byId("welcome").replaceChildren(...cards.map((card) => welcomeElement(card, page)));
    this.#welcome(this.#ready && !this.#acted());
  }

  /** Whether this member has said something here or was answered. */
  #acted() {
    return [...this.#shown.values()].some(({ mine }) => mine);
  }

  #welcome(open) {
    byId("welcome").hidden = !open || byId("welcome").childElementCount === 0;
  }

  // --- where one looks ---

  #atEnd() {
    return this.#scroll.scrollHeight - this.#scroll.scrollTop - this.#scroll.clientHeight < NEAR_END;
  }

  #toEnd() {
    this.#log.lastElementChild?.scrollIntoView({ block: "end" });
    this.#scroll.scrollTop = this.#scroll.scrollHeight;
    this.#newer(false);
  }

  #newer(some) {
    byId("newer").hidden = !some;
  }

  #notice(sentence, forMs = 0) {
    clearTimeout(this.#noticeTimer);
    byId("notice").textContent = sentence;
    if (forMs) this.#noticeTimer = setTimeout(() => this.#notice(this.#lost ? this.#hello.words.lost : ""), forMs);
  }
}

new Page().start();
