/*
 * The part of voiceauthorize.js that runs on the browser's audio thread: it hands over what the microphone hears,
 * 20 ms at a time, and judges nothing. It is a file of its own because a strict Content-Security-Policy forbids
 * scripts made at run time.
 */
"use strict";

const FRAMES_PER_SECOND = 50;

class VoiceAuthorizeMicrophone extends AudioWorkletProcessor {
  constructor() {
    super();
    this.size = Math.round(sampleRate / FRAMES_PER_SECOND);
    this.begin();
  }

  begin() {
    this.frame = new Float32Array(this.size);
    this.filled = 0;
  }

  process([input]) {
    // No channel: the microphone is not connected yet, or no more.
    const samples = input[0];
    if (samples === undefined) return true;
    let read = 0;
    while (read < samples.length) {
      const count = Math.min(samples.length - read, this.size - this.filled);
      this.frame.set(samples.subarray(read, read + count), this.filled);
      read += count;
      this.filled += count;
      if (this.filled === this.size) {
        // Given away, not copied: the audio thread needs a new one.
        this.port.postMessage(this.frame, [this.frame.buffer]);
        this.begin();
      }
    }
    return true;
  }
}

registerProcessor("voiceauthorize-microphone", VoiceAuthorizeMicrophone);
