/** A form in a dialog: it stays open, with what is wrong beside each input, until it is accepted or cancelled. */

import { el, fill, newId } from "./dom.js";
import { boxList, checkList, optionList } from "./message.js";

/**
 * @param {object} form  as the server gives it
 * @param {Record<string, string>} words
 * @param {(answers: object) => Promise<{errors: Record<string, string>} | null>} submit  null where it failed
 */
export function openForm(form, words, submit) {
  const title = newId("form");
  const inputs = form.inputs.map((input) => inputElement(input, words));
  const button = el("button", { className: "button primary" }, words.send);
  const cancel = el("button", { className: "button secondary", type: "button" }, words.cancel);
  const send = async (event) => {
    event.preventDefault();
    if (!complete(inputs, words)) return;
    button.disabled = true;
    const answer = await submit(Object.fromEntries(inputs.map(({ name, value }) => [name, value()])));
    button.disabled = false;
    if (answer === null) return;
    const first = inputs.filter(({ name, complain }) => complain(answer.errors[name] ?? ""))[0];
    if (first) first.focus();
    else dialog.close();
  };
  const dialog = el(
    "dialog",
    { className: "dialog", "aria-labelledby": title, onclose: () => dialog.remove() },
    el(
      "form",
      { noValidate: true, onsubmit: send },
      el("h2", { id: title, dir: "auto" }, form.title),
      ...inputs.map(({ element }) => element),
      el("div", { className: "buttons" }, button, cancel),
    ),
  );
  cancel.addEventListener("click", () => dialog.close());
  document.body.append(dialog);
  dialog.showModal();
  inputs[0].focus();
}

function complete(inputs, words) {
  const wrong = inputs.filter((input) => input.complain(objection(input, words)));
  wrong[0]?.focus();
  return wrong.length === 0;
}

function objection({ required, value, several, least, most }, words) {
  const { length } = value();
  if (length === 0) return required ? words.needed : "";
  return several && (length < least || length > most) ? fill(words.several, { least, most }) : "";
}

function inputElement(input, words) {
  if (input.several) return boxesInput(input, checkList(input, words));
  return input.kind === "choice" ? boxesInput(input, boxList(input, "radio", input.hint)) : singleInput(input, words);
}

function boxesInput(input, { group, boxes, values, complain }) {
  const marked = (sentence) => {
    complain(sentence);
    return Boolean(sentence);
  };
  const focus = () => (boxes.find((box) => box.checked) ?? boxes[0])?.focus();
  return { ...input, element: group, value: values, complain: marked, focus };
}

function singleInput(input, words) {
  const id = newId("input");
  const hint = el("p", { id: `${id}-hint`, className: "hint", dir: "auto" }, input.hint);
  const error = el("p", { id: `${id}-error`, className: "error", role: "alert" });
  const control = controlFor(input, id, words);
  control.setAttribute("aria-describedby", `${hint.id} ${error.id}`);
  control.required = input.required;
  const label = el("label", { htmlFor: id }, input.label);
  const element = el("div", { className: "input" }, label, hint, control, readyAnswers(input, control), error);
  const complain = (sentence) => {
    error.textContent = sentence;
    control.setAttribute("aria-invalid", String(Boolean(sentence)));
    return Boolean(sentence);
  };
  const value = () => (input.kind === "select" ? [control.value].filter(Boolean) : control.value);
  return { ...input, element, value, complain, focus: () => control.focus() };
}

/** What a time can be typed as, which the page's own list offers. */
function readyAnswers({ kind, options }, control) {
  if (kind !== "time") return null;
  const id = newId("ready");
  control.setAttribute("list", id);
  return el("datalist", { id }, ...options.map(({ value, label }) => el("option", { value, label })));
}

function controlFor(input, id, words) {
  if (input.kind === "select") return optionList(input.options, { id }, words.choose);
  const props = { id, value: input.value, maxLength: input.longest, dir: "auto" };
  return ["lines", "options"].includes(input.kind) ? el("textarea", { ...props, rows: 4 }) : el("input", { ...props, type: "text" });
}
