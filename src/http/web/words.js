/* What the demo page says: codes of the API and of the SDK, in words. */

/** What was wrong with a take, and what to do about it. */
const REASONS = {
  no_speech: "Nobody was heard. Is the microphone muted, or another one chosen?",
  too_short: "That was too short. Please say the whole sentence.",
  too_quiet: "That was too quiet. Please come closer to the microphone.",
  too_loud: "That was too loud. Please move away from the microphone a little.",
  too_noisy: "There is too much noise. Please find a quieter place.",
  clipped: "That was too loud for the microphone. Please move away from it a little.",
  takes_differ: "That did not sound like the takes before. Please say the same sentence, in the same voice.",
  phrase_mismatch: "Those were other words. Please say exactly what is shown.",
  voice_mismatch: "The voice is not the one that was enrolled.",
  low_similarity: "The voice is not the one that was enrolled.",
  replay_suspected: "This was heard before, or comes from a loudspeaker. Please say it anew.",
  synthetic_suspected: "This does not sound like a person who is speaking now.",
  challenge_expired: "That took too long. Please ask for something new to say.",
  session_expired: "That took too long. Please ask for something new to say.",
  session_used: "This was answered already. Please ask for something new to say.",
  session_not_found: "This was not asked. Please ask for something new to say.",
  locked_out: "There were too many failed attempts.",
  cooldown: "There were too many failed attempts.",
  not_enrolled: "Nobody is enrolled under this name.",
  profile_not_found: "The server does not know this name, or no more. Please start again.",
  no_consent: "Whoever has this name has not agreed to a voiceprint.",
  already_enrolled: "This name is enrolled already.",
  opted_out: "Whoever has this name does not want to be recognised by voice.",
  rate_limited: "There are too many requests.",
  overloaded: "The server has too much to do.",
  unauthorized: "The server does not let this page in any more. Please start again.",
  unavailable: "The server cannot do this at the moment.",
  network: "The server cannot be reached. Is the network there?",
  timeout: "The server did not answer in time.",
  microphone_denied:
    "The microphone is blocked for this page. Click the icon beside the address, allow the microphone, and record again.",
  microphone_missing: "No microphone was found. Connect one, or switch it on, and record again.",
  microphone_busy: "The microphone cannot be opened. Another program may be using it.",
  microphone_lost: "The microphone was taken away while recording.",
  microphone_stalled: "No sound comes from the microphone. Try another one, or reload the page.",
  insecure_page: "Browsers give the microphone only to pages under https:// or on localhost.",
  unsupported: "This browser is too old to record.",
  aborted: "Cancelled. Nothing was sent.",
};

const VERDICTS = {
  accept: { kind: "good", title: "Accepted", words: "It is you." },
  retry: { kind: "fair", title: "Once more, please", words: "This take cannot be judged." },
  reject: { kind: "bad", title: "Rejected", words: "This is not the voice that was enrolled." },
  cooldown: { kind: "fair", title: "Please wait", words: "There were too many failed attempts." },
};

/** A reason or an error's code, in words; `instead` where we have none for it. */
export function inWords(code, instead) {
  return REASONS[code] ?? instead ?? `That did not work (${code}).`;
}

/** When to try again, in words; nothing where nobody said. */
export function waiting(retryAfterMs) {
  if (retryAfterMs === undefined) return "";
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1000));
  if (seconds < 90) return `Please try again in ${seconds} ${seconds === 1 ? "second" : "seconds"}.`;
  return `Please try again in ${Math.ceil(seconds / 60)} minutes.`;
}

/** A verdict's colour, title and sentence. */
export function verdict({ decision, success, reason, code, retryAfterMs }) {
  const { kind, title, words } = VERDICTS[decision ?? (success ? "accept" : "reject")] ?? VERDICTS.retry;
  const why = reason ?? code;
  const sentence = why === undefined ? words : inWords(why, inWords(code, words));
  return { kind, title, words: `${sentence} ${waiting(retryAfterMs)}`.trim() };
}
