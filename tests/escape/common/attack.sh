# What every attack in shell shares; see attack.h. Sourced.
twins=0 twins_failed=0 attempts=0 successes=0

# twin WHAT COMMAND...: the harmless one must work.
twin() {
  what=$1; shift; twins=$((twins + 1))
  "$@" >/dev/null 2>"$SCRATCH/error" && return
  twins_failed=$((twins_failed + 1)); echo "twin: FAILED $what: $(cat "$SCRATCH/error")"
}

# attempt WHAT COMMAND...: the forbidden one must fail; its output is shown to the test.
attempt() {
  what=$1; shift; attempts=$((attempts + 1))
  if "$@" 2>&1; then successes=$((successes + 1)); echo "attack: SUCCEEDED $what"; else echo "tried: $what"; fi
}

verdict() {
  [ "$twins" -gt 0 ] && [ "$twins_failed" -eq 0 ] && echo "twin: ok"
  [ "$attempts" -gt 0 ] && [ "$successes" -eq 0 ] && echo "attack: blocked"
  exit 0
}
