"""One call by streamdouble (PyPI), as the call and account given; prints what it found as JSON.

Usage: double.py URL WAV CALL_SID ACCOUNT_SID TOKEN PACKET_LOSS JITTER_MS
"""
import asyncio
import json
import sys

from streamdouble import audio
from streamdouble.chaos import Impairments
from streamdouble.protocol import StreamIdentity
from streamdouble.session import Session, SessionConfig

url, wav, call, account, token, loss, jitter = sys.argv[1:]
# A caller goes on breathing when they have finished: two seconds of silence.
frames = audio.wav_to_ulaw_frames(wav) + [b"\xff" * 160] * 100
config = SessionConfig(
    custom_parameters={"token": token},
    impairments=Impairments(loss=float(loss), jitter_ms=float(jitter)),
    chaos_seed=7,
)
identity = StreamIdentity(account_sid=account, call_sid=call)
result = asyncio.run(Session(url, frames, config=config, identity=identity).run())
print(
    json.dumps(
        {
            "violations": [str(violation) for violation in result.violations],
            "unknown_events": result.unknown_events,
            "frames_sent": result.frames_sent,
            "frames_dropped": result.frames_dropped,
            "media_frames_received": result.media_frames_received,
            "audio_ms": len(result.audio_received) // 8,
            "marks_echoed": result.marks_echoed,
            "clears_received": result.clears_received,
        }
    )
)
