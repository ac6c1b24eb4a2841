#!/usr/bin/env bash
# Fails the job with rootlint's exit code, after everything is reported.
set -euo pipefail

case $EXIT_CODE in
    1) why="there are findings at or above fail-on" ;;
    2) why="rootlint could not start: see its message above" ;;
    3) why="not everything could be read or decided (allow-incomplete accepts that)" ;;
    *) why="rootlint ended with $EXIT_CODE" ;;
esac
printf '::error title=rootlint::%s\n' "$why"
exit "$EXIT_CODE"
