/** `npm start`: builds this host's executable if it is not current and shows it at work. */

import { join } from "node:path";
import { build } from "./build.ts";
import { hostTarget } from "./targets.ts";
import { ROOT, say } from "./tools.ts";

const mxc = build(hostTarget());
const script = `
echo "who:      $(id -un 2>/dev/null || id -u), $(grep CapEff /proc/self/status | tr -s '\\t' ' ')"
echo "process:  $(ls -d /proc/[0-9]* | wc -l) visible"
echo "read:     README.md has $(wc -l < README.md) lines"
echo "write .:  $(touch ./forbidden 2>&1 || true)"
echo "write /tmp: $(echo kept > /tmp/file && cat /tmp/file), in a private /tmp"
echo "home:     $(ls /root /home 2>&1 | head -n 1)"
echo "shadow:   $(cat /etc/shadow 2>&1)"
echo "denied:   $(cat package.json 2>&1)"
echo "network:  $(cat /proc/net/dev | tail -n +3 | cut -d: -f1 | tr -d ' ' | tr '\\n' ' ')only"
`;
const args = [
  "run",
  `--allow-read=${ROOT}`,
  `--deny=${join(ROOT, "package.json")}`,
  `--cwd=${ROOT}`,
  "--",
  "sh",
  "-c",
  script,
];
say(`\n$ mxc run --allow-read=. --deny=package.json -- sh -c '...'`);
const { exitCode } = Bun.spawnSync([mxc, ...args], {
  stdin: "ignore",
  stdout: "inherit",
  stderr: "inherit",
  cwd: ROOT,
});
process.exit(exitCode);
