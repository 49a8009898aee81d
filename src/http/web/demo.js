/* The demo page: enroll with three takes, then verify by passphrase or by challenge. Everything goes through the SDK. */

import { inWords, verdict, waiting } from "./words.js";

const { VoiceAuthorize } = globalThis;
const part = (id) => document.getElementById(id);

/** Takes to a voiceprint, until the server says otherwise. */
const NEEDED = 3;

/** What the server takes as a name. */
const NAME = /^[A-Za-z0-9._-]{1,64}$/;

/** A challenge is read before it is said, and has pauses in it. */
const CHALLENGE = { waitMs: 12000, maxMs: 15000, silenceMs: 1400 };

const base = new URL(".", location.href);
let user_id;

VoiceAuthorize.init({ baseUrl: base.href, getToken: demoToken });

/** A token for this user: given only where the operator wants a demo. */
async function demoToken({ user_id }) {
  const request = {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ user_id }),
  };
  const response = await fetch(new URL("demo/token", base), request).catch((cause) => fail("network", { cause }));
  const body = await response.json().catch(() => ({}));
  if (response.status === 404) fail("switched_off", { status: 404 });
  if (!response.ok) fail(body.error ?? `http_${response.status}`, { ...body, status: response.status });
  return body;
}

function fail(code, about) {
  throw new VoiceAuthorize.VoiceAuthorizeError(code, about.message ?? code, about);
}

/** What failed, in words: ours, else the server's. */
function explained({ code, message, retryAfterMs }) {
  return `${inWords(code, code === undefined ? `That did not work: ${message}.` : message)} ${waiting(retryAfterMs)}`.trim();
}

/** Shows a section and takes whoever listens to it. */
function open(id) {
  part(id).hidden = false;
  part(`${id}-title`).focus({ preventScroll: true });
  part(id).scrollIntoView({ block: "nearest" });
}

// ---- Recorders --------------------------------------------------------------------------------------------------------

const STATES = {
  asking: "Please allow the microphone.",
  listening: "Listening: speak now.",
  speaking: "Listening: it ends by itself when you are silent.",
};

/** One record button with its meter and its words. `take(record, say)` is what pressing it does. */
class Recorder {
  #take;
  #running;
  #address;

  constructor(place, take) {
    place.append(part("recorder").content.cloneNode(true));
    const found = (selector) => place.querySelector(selector);
    this.meter = found(".meter");
    this.bar = found(".bar");
    this.status = found(".status");
    this.button = found(".record");
    this.cancel = found(".cancel");
    this.buttons = found(".buttons");
    this.played = found(".played");
    this.#take = take;
    this.button.addEventListener("click", () => {
      if (!this.#isReady) return;
      if (this.#running) this.#running.finish.abort();
      else this.#run();
    });
    this.cancel.addEventListener("click", () => this.#running?.stop.abort());
    place.addEventListener("keydown", ({ key }) => key === "Escape" && this.#running?.stop.abort());
  }

  // Not `disabled`: that would take the focus away from whoever has just pressed it.
  get #isReady() {
    return this.button.getAttribute("aria-disabled") !== "true";
  }

  #busy(isBusy) {
    this.button.setAttribute("aria-disabled", String(isBusy));
  }

  say(words, kind = "") {
    this.status.className = `status ${kind}`;
    this.status.textContent = words;
  }

  async #run() {
    this.#running = { stop: new AbortController(), finish: new AbortController() };
    this.cancel.hidden = this.meter.hidden = false;
    this.button.textContent = "Done";
    this.#busy(true);
    try {
      await this.#take((options) => this.#record(options));
    } catch (error) {
      if (error.code === "switched_off") return void switchedOff();
      if (error.code === undefined) console.error(error);
      this.say(explained(error), error.code === "aborted" ? "" : "bad");
    } finally {
      this.#running = undefined;
      this.#rest();
      this.button.textContent = "Record";
      this.#busy(false);
    }
  }

  /** Nothing is recorded any more. */
  #rest() {
    // The focus must not fall back to the page's top when the button that had it goes.
    if (document.activeElement === this.cancel) this.button.focus();
    this.cancel.hidden = this.meter.hidden = true;
    this.#level(0);
  }

  #level(level) {
    this.bar.style.setProperty("--level", level.toFixed(3));
  }

  async #record(options) {
    const { stop, finish } = this.#running;
    const audio = await VoiceAuthorize.record({
      ...options,
      signal: stop.signal,
      finish: finish.signal,
      onLevel: ({ level }) => this.#level(level),
      onState: (state) => {
        this.#busy(state === "asking" || state === "done");
        if (STATES[state]) this.say(STATES[state]);
      },
    });
    this.#rest();
    this.say("One moment: the server listens.");
    if (this.#address) URL.revokeObjectURL(this.#address);
    this.#address = URL.createObjectURL(audio);
    this.played.querySelector("audio").src = this.#address;
    this.played.hidden = false;
    return audio;
  }
}

// ---- 1: who -----------------------------------------------------------------------------------------------------------

part("who-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const [name, consent, error] = [part("user"), part("consent"), part("who-error")];
  const isName = NAME.test(name.value.trim());
  name.setAttribute("aria-invalid", String(!isName));
  error.textContent = "";
  if (!isName) {
    error.textContent = "Please give a name of letters, digits, dots, hyphens or underscores, at most 64.";
    return name.focus();
  }
  if (!consent.checked) {
    error.textContent = "Without your agreement nothing can be enrolled.";
    return consent.focus();
  }
  const button = event.target.querySelector("button");
  button.disabled = true;
  try {
    user_id = name.value.trim();
    const { status } = await VoiceAuthorize.createProfile({ user_id });
    begin(status);
  } catch (failed) {
    if (failed.code === "switched_off") switchedOff();
    else error.textContent = explained(failed);
  } finally {
    button.disabled = false;
  }
});

/** Somebody else, or the same again: what the last one saw goes. */
function begin(status) {
  showVerdict(undefined);
  for (const recorder of [enrolling, verifying]) {
    recorder.say("");
    recorder.played.hidden = true;
    recorder.buttons.hidden = false;
  }
  part("enroll").hidden = part("verify").hidden = true;
  if (status === "opted_out") {
    part("who-error").textContent = inWords(status);
  } else if (status === "enrolled") {
    open("verify");
    verifying.say("This name is enrolled already: you can be verified at once.");
  } else {
    showTakes(0, NEEDED);
    open("enroll");
  }
}

function switchedOff() {
  for (const id of ["who", "enroll", "verify"]) part(id).hidden = true;
  open("switched-off");
}

// ---- 2: enroll --------------------------------------------------------------------------------------------------------

const enrolling = new Recorder(part("enroll-recorder"), async (record) => {
  const audio = await record();
  const { status, takes, needed, remaining } = await VoiceAuthorize.enroll({ user_id, audio });
  showTakes(takes, needed);
  if (status === "enrolled") {
    enrolling.say("Your voice is enrolled.", "good");
    enrolling.buttons.hidden = true;
    open("verify");
  } else {
    enrolling.say(`Good. ${remaining === 1 ? "Once more" : `${remaining} more times`}, please.`, "good");
  }
});

function showTakes(takes, needed) {
  const items = Array.from({ length: needed }, (_, n) => {
    const item = document.createElement("li");
    const isDone = n < takes;
    item.textContent = isDone ? `✓ Take ${n + 1}` : `Take ${n + 1}`;
    item.classList.toggle("done", isDone);
    if (isDone) item.setAttribute("aria-label", `Take ${n + 1}: accepted`);
    if (n === takes) item.setAttribute("aria-current", "step");
    return item;
  });
  part("takes").replaceChildren(...items);
}

// ---- 3: verify --------------------------------------------------------------------------------------------------------

const verifying = new Recorder(part("verify-recorder"), async (record) => {
  showVerdict(undefined);
  const answer = await (isChallenge() ? byChallenge(record) : byPassphrase(record));
  verifying.say("");
  showVerdict(answer);
});

async function byPassphrase(record) {
  return VoiceAuthorize.verify({ user_id, audio: await record() });
}

async function byChallenge(record) {
  const { session_id, challenge } = await VoiceAuthorize.startAuth({ user_id });
  part("to-say").textContent = challenge;
  part("to-say").classList.add("digits");
  try {
    return await VoiceAuthorize.sendVoice({ user_id, session_id, audio: await record(CHALLENGE) });
  } finally {
    // Good for one answer, whatever became of it.
    showWhatToSay();
  }
}

const isChallenge = () => document.querySelector("input[name=how]:checked").value === "challenge";

function showWhatToSay() {
  const sentence = part("passphrase").textContent;
  part("to-say").classList.remove("digits");
  part("to-say").textContent = isChallenge() ? "Press Record: it is shown here then." : sentence;
}

for (const way of document.querySelectorAll("input[name=how]")) {
  way.addEventListener("change", () => {
    showVerdict(undefined);
    showWhatToSay();
  });
}

/** The verdict in words, with the signals where the server told them, and the answer itself for developers. */
function showVerdict(answer) {
  part("answer").hidden = answer === undefined;
  if (answer === undefined) return part("verdict").replaceChildren();
  const { kind, title, words } = verdict(answer);
  const box = document.createElement("div");
  box.className = `verdict ${kind}`;
  box.append(element("h3", title), element("p", words));
  if (answer.signals) {
    const list = document.createElement("dl");
    for (const name of ["voice", "phrase", "liveness"].filter((name) => name in answer.signals)) {
      const pair = document.createElement("div");
      pair.append(element("dt", name), element("dd", answer.signals[name]));
      list.append(pair);
    }
    box.append(list);
  }
  part("verdict").replaceChildren(box);
  part("answer-json").textContent = JSON.stringify(answer, undefined, 2);
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}
