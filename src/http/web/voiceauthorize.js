/*
 * voiceauthorize.js: people are verified by their voice, in a web page. No dependencies, no build step.
 *
 *   <script src="https://voice.example.com/sdk/voiceauthorize.js"></script>
 *
 *   VoiceAuthorize.init({ baseUrl: "https://voice.example.com", getToken: askMyBackEnd });
 *   await VoiceAuthorize.createProfile({ user_id: "alice" });
 *   const audio = await VoiceAuthorize.record({ onLevel: ({ level }) => draw(level) });
 *   const { remaining } = await VoiceAuthorize.enroll({ user_id: "alice", audio });   // until nothing remains
 *
 *   const { session_id, challenge } = await VoiceAuthorize.startAuth({ user_id: "alice" });
 *   show(challenge);
 *   const said = await VoiceAuthorize.record();
 *   const { success, voiceToken } = await VoiceAuthorize.sendVoice({ user_id: "alice", session_id, audio: said });
 *
 * The voice token goes to your own back end, which shows it to POST /verify-token: a page cannot vouch for its user.
 * What can be corrected or refused is an answer; what failed is thrown, as a VoiceAuthorizeError with a `code`.
 */
(function (root) {
  "use strict";

  /** Where this script came from: the server's address and the worklet's, unless the page says otherwise. */
  const SCRIPT_URL = root.document?.currentScript?.src || root.location?.href;

  /** The rate that the server works at; a recording is sent in it. */
  const RATE_HZ = 16000;

  /** An answer that takes longer will not come. */
  const TIMEOUT_MS = 30000;

  /** A token that is about to expire is not worth a request. */
  const TOKEN_MARGIN_MS = 10000;

  /** What failed: `code` is stable and for programs, `message` is for people. */
  class VoiceAuthorizeError extends Error {
    constructor(code, message, { status, retryAfterMs, scope, cause } = {}) {
      super(message, cause === undefined ? undefined : { cause });
      this.name = "VoiceAuthorizeError";
      this.code = code;
      /** The HTTP status, when the server answered. */
      this.status = status;
      /** How long to wait before trying again, when the server said so. */
      this.retryAfterMs = retryAfterMs;
      /** The window of the limit that was met: `minute`, `day`, … */
      this.scope = scope;
    }
  }

  // ---- The server ---------------------------------------------------------------------------------------------------

  /** One server and one way to be known to it. */
  class Client {
    #base;
    #options;
    /** Promises of tokens, by user. */
    #tokens = new Map();

    constructor(options = {}) {
      const ways = ["apiKey", "token", "getToken"].filter((way) => options[way] != null);
      if (ways.length !== 1) {
        throw new VoiceAuthorizeError("bad_options", "init needs one of apiKey, token and getToken");
      }
      if (String(options.apiKey ?? options.token ?? "").startsWith("cpk_") && root.document) {
        root.console.warn(
          "VoiceAuthorize: this page holds an API key, and so does everybody who opens it. " +
            "Keep the key on your server and give the page user tokens: POST /v1/user-tokens, see docs/browser.md.",
        );
      }
      const base = new URL(options.baseUrl ?? new URL("..", SCRIPT_URL), SCRIPT_URL);
      if (!base.pathname.endsWith("/")) base.pathname += "/";
      this.#base = base;
      this.#options = options;
    }

    /** Makes a user known; must come before enrollment, may come again. */
    createProfile({ user_id }) {
      return this.#post("create-profile", user_id, JSON.stringify({ user_id }));
    }

    /** Sends one take of the passphrase: `{status, takes, needed, remaining, …}`; a poor one is an error that says why. */
    async enroll({ user_id, audio }) {
      return this.#post("enroll", user_id, form({ user_id }, audio));
    }

    /** Asks for something random to say: `{session_id, challenge, expiresAt}`. It can be answered once. */
    startAuth({ user_id }) {
      return this.#post("start-auth", user_id, JSON.stringify({ user_id }));
    }

    /** Answers a challenge: `{success, voiceToken}`, or `{success: false, code, reason}`. */
    async sendVoice({ user_id, session_id, audio }) {
      return this.#post("verify-voice", user_id, form({ session_id, user_id }, audio));
    }

    /** Compares a recording with a user's voice: `{decision, confidence, reason, signals, …}`. */
    async verify({ user_id, phrase, audio }) {
      return this.#post("v1/voice/verify", user_id, form({ user_id, phrase }, audio));
    }

    /** Records from the microphone: see `record` below. */
    record(options) {
      return record({ workletUrl: this.#options.workletUrl, ...options });
    }

    async #post(path, user_id, body) {
      if (typeof user_id !== "string" || user_id === "") {
        throw new VoiceAuthorizeError("bad_options", "user_id must be a text that is not empty");
      }
      let answer = await this.#send(path, user_id, body);
      // A token that has expired, or was revoked, was turned away before anything happened: a new one may try again.
      if (answer.status === 401 && this.#options.getToken) {
        this.#tokens.delete(user_id);
        answer = await this.#send(path, user_id, body);
      }
      return read(answer);
    }

    async #send(path, user_id, body) {
      const headers = new Headers({ accept: "application/json" });
      if (typeof body === "string") headers.set("content-type", "application/json");
      if (this.#options.apiKey != null) headers.set("x-api-key", this.#options.apiKey);
      else headers.set("authorization", `Bearer ${this.#options.token ?? (await this.#token(user_id))}`);
      const timer = new AbortController();
      const timeout = setTimeout(() => timer.abort(), this.#options.timeoutMs ?? TIMEOUT_MS);
      try {
        const request = { method: "POST", headers, body, credentials: "omit", cache: "no-store", signal: timer.signal };
        const response = await fetch(new URL(path, this.#base), request);
        // Read here, under the same time limit.
        return { status: response.status, headers: response.headers, text: await response.text() };
      } catch (cause) {
        if (timer.signal.aborted) throw new VoiceAuthorizeError("timeout", "the server did not answer in time", { cause });
        throw new VoiceAuthorizeError("network", "the server cannot be reached from this page", { cause });
      } finally {
        clearTimeout(timeout);
      }
    }

    /** The token of a user, asked for once until it expires. `getToken` gives a text, or `{token, expiresAt}`. */
    async #token(user_id) {
      let held = this.#tokens.get(user_id);
      if (held === undefined || Date.parse((await held).expiresAt) < Date.now() + TOKEN_MARGIN_MS) {
        held = Promise.resolve(this.#options.getToken({ user_id })).then(tokenOf);
        this.#tokens.set(user_id, held);
        held.catch(() => this.#tokens.delete(user_id));
      }
      return (await held).token;
    }
  }

  function tokenOf(given) {
    const token = typeof given === "string" ? given : given?.token;
    if (typeof token !== "string" || token === "") {
      throw new VoiceAuthorizeError("no_token", "getToken gave neither a token nor {token: …}");
    }
    return { token, expiresAt: given.expiresAt };
  }

  /** A form with these fields and the audio: a Blob, a File, an ArrayBuffer or a view of one. */
  function form(fields, audio) {
    const isBytes = audio instanceof ArrayBuffer || ArrayBuffer.isView(audio);
    if (!isBytes && !(audio instanceof Blob)) {
      throw new VoiceAuthorizeError("bad_options", "audio must be a Blob, a File or an ArrayBuffer");
    }
    const filled = new FormData();
    for (const [name, value] of Object.entries(fields)) {
      if (value != null) filled.append(name, value);
    }
    // The server looks at the bytes, not at the name; a File keeps its own.
    filled.append("audio", isBytes ? new Blob([audio]) : audio, audio.name ?? "audio");
    return filled;
  }

  /** An answer's JSON. A decision is an answer whatever its status: a cooldown comes with 429. */
  function read({ status, headers, text }) {
    let body;
    try {
      body = JSON.parse(text);
    } catch {
      throw new VoiceAuthorizeError("unexpected_answer", `the answer is no JSON (status ${status})`, { status });
    }
    if ((status >= 200 && status < 300) || body?.decision !== undefined) return body;
    const seconds = Number(headers.get("retry-after") ?? NaN);
    const retryAfterMs = body?.retryAfterMs ?? (Number.isFinite(seconds) ? seconds * 1000 : undefined);
    const code = body?.error ?? `http_${status}`;
    throw new VoiceAuthorizeError(code, body?.message ?? code, { status, retryAfterMs, scope: body?.scope });
  }

  // ---- The microphone -----------------------------------------------------------------------------------------------

  /** What `getUserMedia` refuses, in our words. */
  const REFUSALS = {
    NotAllowedError: ["microphone_denied", "the microphone may not be used: allow it in the browser's settings"],
    SecurityError: ["microphone_denied", "this page may not use the microphone"],
    NotFoundError: ["microphone_missing", "there is no microphone"],
    NotReadableError: ["microphone_busy", "the microphone cannot be opened: another program may be using it"],
  };

  /** Without a frame for this long the microphone, or the audio thread, has stopped. */
  const STALLED_MS = 5000;

  /**
   * Records one utterance and gives it as a WAV Blob: one channel, 16 bits, 16 kHz.
   *
   * It ends by itself when the speaker has been silent for `silenceMs` (1000), at the latest after `maxMs` (10000).
   * `onLevel({level, dbfs, speaking})` comes 50 times a second, `level` from 0 to 1. `onState` is told "asking" (for
   * the microphone), "listening", "speaking" and "done". Aborting `signal` gives the recording up, aborting `finish`
   * ends it and keeps what was said. Whoever says nothing for `waitMs` (8000) gets the error `no_speech`. Call it from
   * a click or a key: browsers open no microphone otherwise.
   */
  async function record(options = {}) {
    const { onState = () => {}, signal } = options;
    const media = root.navigator?.mediaDevices;
    if (!root.isSecureContext || !media?.getUserMedia) {
      throw new VoiceAuthorizeError("insecure_page", "browsers give the microphone only to pages under https:// or localhost");
    }
    if (!root.AudioWorkletNode) {
      throw new VoiceAuthorizeError("unsupported", "this browser is too old to record: it has no AudioWorklet");
    }
    throwIfAborted(signal);
    // Made before anything is awaited, while the click still counts as one.
    const context = new AudioContext();
    let stream;
    let isOver = false;
    try {
      context.resume().catch(() => {});
      onState("asking");
      const asked = media.getUserMedia({ audio: MICROPHONE });
      // A permission that is given after the recording was given up.
      asked.then((late) => isOver && release(late), () => {});
      stream = await Promise.race([asked.catch(refused), aborted(signal)]);
      await context.audioWorklet.addModule(options.workletUrl ?? new URL("voiceauthorize-worklet.js", SCRIPT_URL));
      throwIfAborted(signal);
      const samples = await listen(context, stream, { ...options, onState });
      return toWav(samples, context.sampleRate);
    } catch (cause) {
      throw cause instanceof VoiceAuthorizeError ? cause : failed(cause);
    } finally {
      isOver = true;
      if (stream) release(stream);
      context.close().catch(() => {});
      onState("done");
    }
  }

  /** As it sounds: what browsers do for conversations takes away what tells voices apart. Wishes, not conditions. */
  const MICROPHONE = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false };

  function refused(cause) {
    const [code, message] = REFUSALS[cause?.name] ?? [];
    throw code === undefined ? failed(cause) : new VoiceAuthorizeError(code, message, { cause });
  }

  const failed = (cause) => new VoiceAuthorizeError("microphone_failed", `recording failed: ${cause}`, { cause });

  function release(stream) {
    for (const track of stream.getTracks()) track.stop();
  }

  const givenUp = () => new VoiceAuthorizeError("aborted", "the recording was given up");

  function throwIfAborted(signal) {
    if (signal?.aborted) throw givenUp();
  }

  /** Fails when the signal is aborted; never succeeds. */
  function aborted(signal) {
    return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(givenUp()), { once: true }));
  }

  /** Collects frames until the utterance is over; gives its samples at the context's rate. */
  function listen(context, stream, { maxMs = 10000, silenceMs = 1000, waitMs = 8000, onLevel, onState, signal, finish }) {
    // An output, although nothing ever comes out of it: some browsers run no node that leads nowhere.
    const node = new AudioWorkletNode(context, "voiceauthorize-microphone", { channelCount: 1, channelCountMode: "explicit" });
    const source = context.createMediaStreamSource(stream);
    const ending = new EndOfSpeech({ maxMs, silenceMs, waitMs });
    const frames = [];
    let watchdog;
    return new Promise((resolve, reject) => {
      const over = () => (frames.length > 0 ? resolve(joined(frames, ...ending.spoken())) : silent());
      const silent = () => fail("no_speech", "nobody was heard: is the microphone muted?");
      const fail = (code, message) => reject(new VoiceAuthorizeError(code, message));
      const feed = () => {
        clearTimeout(watchdog);
        watchdog = setTimeout(() => fail("microphone_stalled", "no sound arrives from the microphone"), STALLED_MS);
      };
      node.port.onmessage = ({ data: frame }) => {
        feed();
        frames.push(frame);
        const wasSpeaking = ending.isSpeaking;
        const dbfs = loudness(frame);
        const end = ending.hear(dbfs, (1000 * frame.length) / context.sampleRate);
        onLevel?.({ level: Math.min(1, Math.max(0, (dbfs + 60) / 54)), dbfs, speaking: ending.isSpeaking });
        if (ending.isSpeaking !== wasSpeaking) onState(ending.isSpeaking ? "speaking" : "listening");
        if (end === "spoken") over();
        if (end === "silent") silent();
      };
      node.onprocessorerror = () => fail("microphone_stalled", "the browser's audio thread failed");
      for (const track of stream.getTracks()) {
        track.addEventListener("ended", () => fail("microphone_lost", "the microphone was taken away"));
      }
      signal?.addEventListener("abort", () => reject(givenUp()), { once: true });
      finish?.addEventListener("abort", over, { once: true });
      source.connect(node).connect(context.destination);
      feed();
      onState("listening");
      if (finish?.aborted) over();
    }).finally(() => {
      clearTimeout(watchdog);
      node.port.onmessage = null;
      source.disconnect();
      node.disconnect();
    });
  }

  function joined(frames, first, end) {
    const kept = frames.slice(first, end);
    const samples = new Float32Array(kept.reduce((sum, frame) => sum + frame.length, 0));
    let at = 0;
    for (const frame of kept) {
      samples.set(frame, at);
      at += frame.length;
    }
    return samples;
  }

  /** Root mean square of a frame, against full scale. */
  function loudness(frame) {
    let sum = 0;
    for (const sample of frame) sum += sample * sample;
    return 10 * Math.log10(sum / frame.length + 1e-10);
  }

  /**
   * Hears the end of an utterance from the loudness of its frames.
   *
   * Speech is what stands out of the noise by START_DB, for START_MS; it lasts while it stands out by KEEP_DB. The
   * noise floor is the least of the first LEARN_MS; then it falls quickly and rises slowly, so that it settles on the
   * gaps between words.
   */
  class EndOfSpeech {
    static START_DB = 10;
    static KEEP_DB = 6;
    static START_MS = 60;
    static LEARN_MS = 200;
    /** No room is so quiet, dBFS: the microphone is not awake yet, or muted. */
    static NOTHING = -90;
    /** What is shorter was a click or a cough. */
    static LEAST_MS = 250;
    /** What is kept on either side: the server wants to hear the room as well, and no word cut off. */
    static MARGIN_MS = 500;
    /** Below it no room is quiet; above it no noise is a background: dBFS. */
    static FLOOR = [-64, -30];
    static FALL = 0.3;
    static RISE_DB_PER_S = 3;

    isSpeaking = false;
    #limits;
    #floor = EndOfSpeech.FLOOR[1];
    #learnedMs = 0;
    #frames = 0;
    #ms = 0;
    #frameMs = 20;
    #risingMs = 0;
    #voicedMs = 0;
    #quietMs = 0;
    #first = 0;
    #last = 0;

    constructor(limits) {
      this.#limits = limits;
    }

    /** One frame; "spoken" or "silent" when it was the last. */
    hear(dbfs, ms) {
      this.#frameMs = ms;
      this.#follow(dbfs, ms);
      const isLoud = dbfs > this.#floor + (this.isSpeaking ? EndOfSpeech.KEEP_DB : EndOfSpeech.START_DB);
      if (this.isSpeaking) this.#goOn(isLoud, ms);
      else this.#wait(isLoud, ms);
      this.#frames += 1;
      this.#ms += ms;
      if (this.isSpeaking && this.#quietMs >= this.#limits.silenceMs) {
        if (this.#voicedMs >= EndOfSpeech.LEAST_MS) return "spoken";
        this.isSpeaking = false;
      }
      if (this.#ms >= this.#limits.maxMs) return this.isSpeaking ? "spoken" : "silent";
      return !this.isSpeaking && this.#ms >= this.#limits.waitMs ? "silent" : undefined;
    }

    /** The first frame to keep and the one after the last; all of them where no speech was heard. */
    spoken() {
      if (!this.isSpeaking) return [0, this.#frames];
      const margin = Math.ceil(EndOfSpeech.MARGIN_MS / this.#frameMs);
      return [Math.max(0, this.#first - margin), Math.min(this.#frames, this.#last + 1 + margin)];
    }

    #follow(dbfs, ms) {
      if (dbfs < EndOfSpeech.NOTHING) return;
      const isLearning = this.#learnedMs < EndOfSpeech.LEARN_MS;
      this.#learnedMs += ms;
      const above = dbfs - this.#floor;
      const rise = isLearning ? 0 : Math.min(above, (EndOfSpeech.RISE_DB_PER_S * ms) / 1000);
      const step = above < 0 ? above * (isLearning ? 1 : EndOfSpeech.FALL) : rise;
      const [least, most] = EndOfSpeech.FLOOR;
      this.#floor = Math.min(most, Math.max(least, this.#floor + step));
    }

    #wait(isLoud, ms) {
      this.#risingMs = isLoud ? this.#risingMs + ms : 0;
      if (this.#risingMs < EndOfSpeech.START_MS) return;
      this.isSpeaking = true;
      this.#first = this.#frames - Math.round(this.#risingMs / ms) + 1;
      this.#last = this.#frames;
      this.#voicedMs = this.#risingMs;
      this.#quietMs = 0;
      this.#risingMs = 0;
    }

    #goOn(isLoud, ms) {
      this.#quietMs = isLoud ? 0 : this.#quietMs + ms;
      if (!isLoud) return;
      this.#voicedMs += ms;
      this.#last = this.#frames;
    }
  }

  // ---- The recording ------------------------------------------------------------------------------------------------

  /** Samples (-1 to 1) of any rate as a WAV Blob: one channel, 16 bits, 16 kHz. */
  function toWav(samples, rateHz) {
    const at16k = resample(samples, rateHz);
    const bytes = new DataView(new ArrayBuffer(44 + 2 * at16k.length));
    const text = (at, letters) => [...letters].forEach((letter, n) => bytes.setUint8(at + n, letter.charCodeAt(0)));
    text(0, "RIFF");
    bytes.setUint32(4, 36 + 2 * at16k.length, true);
    text(8, "WAVEfmt ");
    bytes.setUint32(16, 16, true); // bytes of the format
    bytes.setUint16(20, 1, true); // PCM
    bytes.setUint16(22, 1, true); // channels
    bytes.setUint32(24, RATE_HZ, true);
    bytes.setUint32(28, 2 * RATE_HZ, true); // bytes a second
    bytes.setUint16(32, 2, true); // bytes a sample
    bytes.setUint16(34, 16, true); // bits a sample
    text(36, "data");
    bytes.setUint32(40, 2 * at16k.length, true);
    at16k.forEach((sample, n) => {
      const clipped = Math.max(-1, Math.min(1, sample));
      bytes.setInt16(44 + 2 * n, Math.round(clipped < 0 ? clipped * 32768 : clipped * 32767), true);
    });
    return new Blob([bytes], { type: "audio/wav" });
  }

  /** Zero crossings of the sinc on either side, and how wide its window's main lobe is: the stop band is at -90 dB. */
  const CROSSINGS = 64;
  const KAISER_BETA = 9;
  /** Of the narrower band: around it the filter falls, to 16 kHz from 7.3 to 7.9 kHz. */
  const PASS = 0.95;

  /**
   * Brings samples to 16 kHz by a windowed sinc.
   *
   * Not by an OfflineAudioContext: what browsers resample with there differs, and some of it is linear interpolation.
   * Two whole-number rates have few phases (160 from 44.1 kHz), so each phase's filter is computed once.
   */
  function resample(samples, rateHz) {
    if (rateHz === RATE_HZ) return samples;
    const common = greatestCommonDivisor(rateHz, RATE_HZ);
    const [down, up] = [rateHz / common, RATE_HZ / common];
    // Cycles per input sample, as is half the rate: 0.5 without a change of rate.
    const cutoff = 0.5 * PASS * Math.min(1, RATE_HZ / rateHz);
    const half = Math.ceil(CROSSINGS / (2 * cutoff));
    const filters = Array.from({ length: up }, (_, phase) => filter(phase / up, half, cutoff));
    const output = new Float32Array(Math.ceil((samples.length * up) / down));
    for (let n = 0; n < output.length; n += 1) {
      const middle = Math.floor((n * down) / up);
      const taps = filters[(n * down) % up];
      const from = Math.max(0, half - 1 - middle);
      const to = Math.min(taps.length, samples.length - middle + half - 1);
      let sum = 0;
      for (let tap = from; tap < to; tap += 1) sum += taps[tap] * samples[middle - half + 1 + tap];
      output[n] = sum;
    }
    return output;
  }

  /** The filter for an output sample that lies `offset` behind an input sample; its taps sum to one. */
  function filter(offset, half, cutoff) {
    const taps = Float64Array.from({ length: 2 * half }, (_, tap) => {
      const t = tap - half + 1 - offset;
      const x = 2 * cutoff * t;
      const sinc = x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
      return sinc * besselI0(KAISER_BETA * Math.sqrt(Math.max(0, 1 - (t / half) ** 2)));
    });
    const sum = taps.reduce((total, tap) => total + tap, 0);
    return taps.map((tap) => tap / sum);
  }

  /** The modified Bessel function of order zero, by its series. */
  function besselI0(x) {
    let [sum, term] = [1, 1];
    for (let k = 1; term > sum * 1e-12; k += 1) {
      term *= (x / (2 * k)) ** 2;
      sum += term;
    }
    return sum;
  }

  function greatestCommonDivisor(a, b) {
    return b === 0 ? a : greatestCommonDivisor(b, a % b);
  }

  // ---- What a page sees ---------------------------------------------------------------------------------------------

  /** The client of the last `init`. */
  let client;

  const known = (name) => async (fields) => {
    if (client === undefined) throw new VoiceAuthorizeError("not_initialised", "call VoiceAuthorize.init first");
    return client[name](fields);
  };

  root.VoiceAuthorize = Object.freeze({
    /** Says which server, and how it knows us; gives a client, for pages that need more than one. */
    init(options) {
      client = new Client(options);
      return client;
    },
    createProfile: known("createProfile"),
    enroll: known("enroll"),
    startAuth: known("startAuth"),
    sendVoice: known("sendVoice"),
    verify: known("verify"),
    record: (options) => (client ?? { record }).record(options),
    toWav,
    VoiceAuthorizeError,
  });
})(globalThis);
