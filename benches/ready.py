"""What `callprint serve` takes until it is ready: processor and wall time, the median of several starts.

    cargo build --release && python3 benches/ready.py [--runs 7] [PROGRAM …]

Several programs are started in turns, so that a busy machine is busy for all of them. A new store each time, two sessions
of each model as by default. Needs Linux: processor time is read from /proc once the line with the URL is printed.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")


def start(program):
    """(processor ms, wall ms, resident MB) of one start."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {"CALLPRINT_STORE_DATA_DIR": folder, "PATH": os.environ["PATH"]}
        begun = time.monotonic()
        server = subprocess.Popen([program, "serve", "--listen", "127.0.0.1:0"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            for line in server.stdout:
                if line.startswith("ready: "):
                    break
            else:
                raise SystemExit(f"{program} ended before it was ready")
            wall = time.monotonic() - begun
            fields = pathlib.Path(f"/proc/{server.pid}/stat").read_text().rsplit(")", 1)[1].split()
            status = pathlib.Path(f"/proc/{server.pid}/status").read_text()
            resident = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
            return (int(fields[11]) + int(fields[12])) * 1000 / TICKS, wall * 1000, resident / 1024
        finally:
            server.terminate()
            server.wait()


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("programs", nargs="*", metavar="PROGRAM", default=[str(ROOT / "target/release/callprint")])
    p.add_argument("--runs", type=int, default=7)
    p.add_argument("--json", action="store_true", help="the first program's figures as one JSON object")
    a = p.parse_args()
    found = {program: [] for program in a.programs}
    for _ in range(a.runs):
        for program in found:
            found[program].append(start(program))
    if a.json:
        cpu, wall, resident = (statistics.median(column) for column in zip(*found[a.programs[0]]))
        print(json.dumps(dict(cpu_ms=cpu, wall_ms=wall, resident_mb=resident, load_average=os.getloadavg()[0])))
        return
    print(f"load average {os.getloadavg()[0]:.1f}, {a.runs} starts each")
    for program, starts in found.items():
        cpu, wall, resident = (statistics.median(column) for column in zip(*starts))
        print(f"{program}: ready after {cpu:.0f} ms of processor time, {wall:.0f} ms of wall time, {resident:.0f} MB resident")


if __name__ == "__main__":
    main()
