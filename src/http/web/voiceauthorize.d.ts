/** Declarations of voiceauthorize.js, which defines the global `VoiceAuthorize`. See docs/browser.md. */

/** A recording: WAV, WebM/Opus or Ogg/Opus. */
type VoiceAuthorizeAudio = Blob | ArrayBuffer | ArrayBufferView;

/** What `getToken` may give: the token, or the answer of `POST /v1/user-tokens` as it is. */
type VoiceAuthorizeToken = string | { token: string; expiresAt?: string };

type VoiceAuthorizeStrength = "high" | "medium" | "low";

interface VoiceAuthorizeOptions {
  /** The server's address; by default where the script came from. */
  baseUrl?: string;
  /** Asks the page's own back end for a user token; called again when one has expired. */
  getToken?: (user: { user_id: string }) => VoiceAuthorizeToken | Promise<VoiceAuthorizeToken>;
  /** A user token that the page has already. */
  token?: string;
  /** An API key: for a program, never for a page that others open. */
  apiKey?: string;
  /** Where voiceauthorize-worklet.js is; by default beside the script. */
  workletUrl?: string;
  /** How long an answer may take: 30000. */
  timeoutMs?: number;
}

interface VoiceAuthorizeProfile {
  user_id: string;
  status: "created" | "enrolling" | "enrolled" | "opted_out";
}

interface VoiceAuthorizeEnrollment {
  success: boolean;
  user_id: string;
  status: "enrolling" | "enrolled";
  /** Takes that count so far, how many it needs, and how many are missing. */
  takes: number;
  needed: number;
  remaining: number;
  /** Takes of this recording that count. */
  accepted: number;
}

interface VoiceAuthorizeSession {
  session_id: string;
  /** What the user has to say. */
  challenge: string;
  expiresAt: string;
}

interface VoiceAuthorizeProof {
  success: boolean;
  decision: "accept" | "retry" | "reject" | "cooldown";
  /** For the page's back end, which shows it to `POST /verify-token`; only where `success`. */
  voiceToken?: string;
  user_id?: string;
  code?: string;
  reason?: string;
  retryAfterMs?: number;
}

interface VoiceAuthorizeVerdict {
  decision: "accept" | "retry" | "reject" | "cooldown";
  confidence?: number;
  reason?: string;
  signals?: { voice: VoiceAuthorizeStrength; phrase: VoiceAuthorizeStrength; liveness: VoiceAuthorizeStrength };
  learning_progress?: number;
  retryAfterMs?: number;
}

interface VoiceAuthorizeRecording {
  /** The longest recording: 10000. */
  maxMs?: number;
  /** The silence that ends it: 1000. */
  silenceMs?: number;
  /** How long to wait for the first word: 8000. */
  waitMs?: number;
  /** 50 times a second: `level` from 0 to 1, `dbfs` as measured, and whether somebody speaks. */
  onLevel?: (heard: { level: number; dbfs: number; speaking: boolean }) => void;
  onState?: (state: "asking" | "listening" | "speaking" | "done") => void;
  /** Aborted: the recording is given up. */
  signal?: AbortSignal;
  /** Aborted: the recording ends and what was said is kept. */
  finish?: AbortSignal;
  workletUrl?: string;
}

interface VoiceAuthorizeClient {
  createProfile(user: { user_id: string }): Promise<VoiceAuthorizeProfile>;
  enroll(take: { user_id: string; audio: VoiceAuthorizeAudio }): Promise<VoiceAuthorizeEnrollment>;
  startAuth(user: { user_id: string }): Promise<VoiceAuthorizeSession>;
  sendVoice(said: { user_id: string; session_id: string; audio: VoiceAuthorizeAudio }): Promise<VoiceAuthorizeProof>;
  verify(said: { user_id: string; phrase?: string; audio: VoiceAuthorizeAudio }): Promise<VoiceAuthorizeVerdict>;
  /** One utterance as WAV: one channel, 16 bits, 16 kHz. */
  record(options?: VoiceAuthorizeRecording): Promise<Blob>;
}

/** What failed. `code` is the server's, or one of this script: docs/browser.md lists them. */
declare class VoiceAuthorizeError extends Error {
  readonly code: string;
  readonly status?: number;
  readonly retryAfterMs?: number;
  readonly scope?: string;
}

declare const VoiceAuthorize: Readonly<
  VoiceAuthorizeClient & {
    init(options: VoiceAuthorizeOptions): VoiceAuthorizeClient;
    /** Samples of any rate, -1 to 1, as WAV: one channel, 16 bits, 16 kHz. */
    toWav(samples: Float32Array, rateHz: number): Blob;
    VoiceAuthorizeError: typeof VoiceAuthorizeError;
  }
>;
