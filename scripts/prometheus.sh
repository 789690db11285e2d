#!/usr/bin/env bash
# Lets a real Prometheus scrape the metrics of `examples/metrics.rs`, served on this machine as a host would serve them, under each content type
# that Prometheus reads them by, and asks it for what arrived. Takes curl, python3 and prometheus (PROMETHEUS names the program).
#
# `promtool check metrics` says nothing about them: it reads Prometheus' older text format only, and takes `# EOF` and counters named without
# `_total` for mistakes.
set -euo pipefail
cd "$(dirname "$0")/.."
prometheus=${PROMETHEUS:-prometheus}
made=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$made"' EXIT

cargo run --release --quiet --example metrics >"$made/metrics"
python3 - "$made" <<'PYTHON' &
import http.server, sys
folder = sys.argv[1]
text = open(f"{folder}/metrics", "rb").read()
TYPES = {"/openmetrics": "application/openmetrics-text; version=1.0.0; charset=utf-8", "/text": "text/plain; version=0.0.4; charset=utf-8"}
class Metrics(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path in TYPES else 404)
        self.send_header("Content-Type", TYPES.get(self.path, "text/plain"))
        self.end_headers()
        self.wfile.write(text)
    def log_message(self, *_):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Metrics)
open(f"{folder}/port.part", "w").write(str(server.server_port))
import os
os.rename(f"{folder}/port.part", f"{folder}/port")
server.serve_forever()
PYTHON
# Until something holds, half a minute at most.
until_true() {
  for _ in $(seq 300); do
    if "$@"; then return; fi
    sleep 0.1
  done
  echo "prometheus: waited in vain for: $*"
  tail -5 "$made/log" 2>/dev/null || true
  exit 1
}
until_true test -s "$made/port"
port=$(cat "$made/port")
# Free a moment ago; Prometheus can't choose one itself and say which.
own=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
{
  printf 'global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n'
  for kind in openmetrics text; do
    printf -- '- {job_name: %s, metrics_path: /%s, static_configs: [{targets: ["127.0.0.1:%s"]}]}\n' "$kind" "$kind" "$port"
  done
} >"$made/prometheus.yml"
"$prometheus" --config.file="$made/prometheus.yml" --storage.tsdb.path="$made/data" --web.listen-address="127.0.0.1:$own" >"$made/log" 2>&1 &

arrived() {
  curl --silent --fail "http://127.0.0.1:$own/api/v1/query" --data-urlencode "query=$1" | python3 -c '
import json, sys
result = json.load(sys.stdin)["data"]["result"]
sys.exit(not (result and float(result[0]["value"][1]) > 0))' 2>/dev/null
}
for kind in openmetrics text; do
  until_true arrived "up{job=\"$kind\"}"
  until_true arrived "intentkit_prediction_seconds_count{job=\"$kind\"}"
  # A name with quotes and a backslash.
  until_true arrived "intentkit_label_answers_total{job=\"$kind\", label=\"say \\\"hi\\\"\\\\\"}"
  echo "prometheus: scraped as $kind, $(wc -l <"$made/metrics") lines"
done
