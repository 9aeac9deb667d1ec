"""Starts each program by turns: ready_time.py ADDRESS DIRECTORY ROUNDS PROGRAM...; prints a line each: median milliseconds until it is ready."""
import os
import statistics
import subprocess
import sys
import time

address, directory, rounds, programs = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:]
times = {program: [] for program in programs}
for _ in range(rounds):
    for program in programs:
        ours, theirs = os.pipe()
        start = time.monotonic()
        process = subprocess.Popen([program, f"--fd={theirs}", address, directory + "/timed", "--filter", "--own=org.gnome.ghex.*",
                                    "--talk=ca.desrt.dconf", "--call=org.freedesktop.portal.*=*"], pass_fds=[theirs])
        os.close(theirs)
        if os.read(ours, 1) != b"x":
            sys.exit(f"{program} is not ready")
        times[program].append((time.monotonic() - start) * 1000)
        os.close(ours)
        if process.wait() != 0:
            sys.exit(f"{program} ended with {process.returncode}")
for program in programs:
    print(f"{statistics.median(times[program]):.2f}")
