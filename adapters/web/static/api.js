/** Speaking with the server: requests as one member, and the stream of what is said. */

const lang = new URLSearchParams(location.search).get("lang") ?? "";
const RETRY_MS = [500, 1000, 2000, 4000];

/** The page of a poll, in the language of this page. */
export const pollPage = (address) => (lang ? `${address}?lang=${encodeURIComponent(lang)}` : address);

/** What the server said no to; its message is for the person. */
export class Refusal extends Error {}

export class Server {
  member = "";
  #token = "";

  /** The members, commands, examples and words of the page. */
  async hello() {
    const response = await fetch(`/api/hello?lang=${encodeURIComponent(lang)}`);
    const hello = await response.json();
    this.#token = hello.token;
    return hello;
  }

  /** Sends one thing that the member does. Throws Refusal, or TypeError where nobody answers. */
  async send(path, body, { signal } = {}) {
    const key = crypto.randomUUID(); // The same for each try, so that the server does it once.
    let response = await this.#post(path, body, key, signal);
    if (response.status === 403 && (await response.clone().json()).code === "token") {
      await this.hello();
      response = await this.#post(path, body, key, signal);
    }
    const answer = await response.json();
    if (!response.ok) throw new Refusal(answer.error);
    return answer;
  }

  /** The cards of the member's first screen; none where nobody answers. */
  async welcome() {
    try {
      const response = await fetch("/api/welcome", { headers: this.#headers() });
      return response.ok ? (await response.json()).cards : [];
    } catch {
      return [];
    }
  }

  #headers() {
    return { "X-Parley-Member": this.member, "X-Parley-Lang": lang };
  }

  /** A file that came with a message, as a blob. Throws as `send` does. */
  async file(message, index) {
    const response = await fetch(`/api/file?message=${encodeURIComponent(message)}&index=${index}`, {
      headers: { "X-Parley-Member": this.member, "X-Parley-Lang": lang },
    });
    if (!response.ok) throw new Refusal((await response.json()).error);
    return response.blob();
  }

  #post(path, body, key, signal) {
    return fetch(`/api/${path}`, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        "X-Parley-Token": this.#token,
        "X-Parley-Member": this.member,
        "X-Parley-Key": key,
        "X-Parley-Lang": lang,
      },
      body: JSON.stringify(body),
      signal,
    });
  }

  /**
   * Follows the conversation as the current member until `close` is called.
   * `heard(message)` for each message, new or changed; `ready()` after what was said before; `lost()` at each break.
   */
  follow({ heard, ready, lost }) {
    const member = this.member;
    let after = 0;
    let tries = 0;
    let source;
    let timer;
    const connect = () => {
      source = new EventSource(`/api/events?member=${encodeURIComponent(member)}&after=${after}`);
      source.addEventListener("message", (event) => {
        after = Math.max(after, Number(event.lastEventId));
        heard(JSON.parse(event.data));
      });
      source.addEventListener("ready", (event) => {
        this.#token = JSON.parse(event.data).token; // Another than before, where the bot was started anew.
        tries = 0;
        ready();
      });
      source.addEventListener("error", () => {
        source.close();
        lost();
        timer = setTimeout(connect, RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)]);
      });
    };
    connect();
    return {
      close() {
        clearTimeout(timer);
        source.close();
      },
    };
  }
}
