/**
 * Random trees and policies: what the plan makes of them, carried out on a model, is what the
 * policy says. The policy's meaning is computed here a second time, from its definition.
 */

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import type { LandlockFacts } from "../../src/host/facts.ts";
import { Access as Rights } from "../../src/native/abi.generated.ts";
import { encodePlan } from "../../src/native/encode.ts";
import { planLandlock } from "../../src/plan/landlock.ts";
import { planLinux } from "../../src/plan/linux.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { isWithin } from "../../src/policy/paths.ts";
import type { Access, Policy } from "../../src/policy/policy.ts";
import { strictest } from "../../src/policy/to-policy.ts";
import { decodePlan } from "./decode.ts";
import {
  BASE,
  type FakeHost,
  factsOf,
  fakeHost,
  type HostNode,
  policyOf,
  resolve,
  type Tree,
} from "./fake-host.ts";
import { carryOut, type Sandbox, type Shown, type Spot } from "./sandbox-model.ts";

setDefaultTimeout(120_000);

const RUNS = { numRuns: Number(process.env.FUZZ_RUNS ?? 1500) };

const name = fc.constantFrom("a", "b", "c");
const folders = fc.constantFrom("/h", "/h", "/g", "/etc/x", "/tmp/t", "/usr/share/s");
const path = fc
  .tuple(folders, fc.array(name, { minLength: 1, maxLength: 4 }))
  .map(([folder, names]) => `${folder}/${names.join("/")}`);

/** Folders and files; then links and second names over them. */
function trees(more: "plain" | "links" | "names"): fc.Arbitrary<Tree> {
  const plain = fc.array(fc.tuple(path, fc.constantFrom("directory", "file")), {
    minLength: 3,
    maxLength: 14,
  });
  const pointer = fc.oneof(
    path.map((to) => `-> ${to}`),
    fc
      .array(fc.constantFrom("a", "b", "c", ".."), { minLength: 1, maxLength: 3 })
      .map((parts) => `-> ${parts.join("/")}`),
  );
  const extra = fc.array(fc.tuple(path, more === "links" ? pointer : path), {
    maxLength: more === "plain" ? 0 : 5,
  });
  return fc.tuple(plain, extra).map(([first, second]) => {
    const tree: Record<string, string> = {};
    // Nothing may be below a file or a link.
    const fits = (at: string) =>
      tree[at] === undefined &&
      Object.entries(tree).every(
        ([known, what]) => !(isWithin(at, known) && what !== "directory") && !isWithin(known, at),
      );
    for (const [at, what] of first) if (fits(at)) tree[at] = what;
    for (const [at, to] of second) {
      if (!fits(at)) continue;
      if (more === "links") tree[at] = to;
      else if (tree[to] === "file") tree[at] = `= ${to}`;
    }
    return tree;
  });
}

interface Sample {
  readonly host: FakeHost;
  readonly policy: Policy;
  readonly tree: Tree;
  readonly words: readonly string[];
}

function samples(more: "plain" | "links" | "names"): fc.Arbitrary<Sample> {
  return trees(more).chain((tree) => {
    const known = Object.keys(tree).flatMap((at) => [at, at.slice(0, at.lastIndexOf("/"))]);
    const below = fc
      .tuple(fc.constantFrom(...known), fc.array(name, { maxLength: 2 }))
      .map(([at, names]) => [at, ...names].join("/"));
    const target = fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...known) },
      { weight: 2, arbitrary: below },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          "/",
          "/etc",
          "/usr",
          "/dev",
          "/dev/null",
          "/dev/shm",
          "/bin",
          "/tmp/t",
          "/tmp",
          "/bin/cat",
          "/etc/shadow",
        ),
      },
    );
    const word = fc
      .tuple(fc.constantFrom("ro", "rw", "rw", "no"), target)
      .filter(([kind, at]) => !(kind === "no" && at === "/"))
      .map(([kind, at]) => `${kind} ${at}`);
    return fc.array(word, { minLength: 1, maxLength: 6 }).map((words) => ({
      tree,
      words,
      host: fakeHost({ ...BASE, ...tree }),
      policy: policyOf(words),
    }));
  });
}

interface Meaning {
  /** Of a host object by its own path: undefined where nothing grants it. */
  readonly accessOf: (canonical: string) => Access | undefined;
  readonly deniedInodes: ReadonlySet<bigint>;
}

/** The definition: the deepest entry decides; one object has the strictest access of its entries. */
function meaningOf({ host, policy }: Sample): Meaning {
  const byInode = new Map<bigint, Access>();
  const entries: { canonical: string; inode: bigint; folder: boolean }[] = [];
  for (const grant of policy.grants) {
    const { canonical, object } = resolve(host, grant.path, new Map());
    if (object === undefined) continue;
    const known = byInode.get(object.inode);
    byInode.set(object.inode, known === undefined ? grant.access : strictest(known, grant.access));
    entries.push({ canonical, inode: object.inode, folder: object.type === "directory" });
  }
  const accessOf = (canonical: string): Access | undefined => {
    let best: (typeof entries)[number] | undefined;
    for (const entry of entries) {
      if (!isWithin(canonical, entry.canonical)) continue;
      if (best === undefined || entry.canonical.length > best.canonical.length) best = entry;
    }
    return best === undefined ? undefined : byInode.get(best.inode);
  };
  const denied = [...byInode].filter(([, access]) => access === "denied").map(([inode]) => inode);
  return { accessOf, deniedInodes: new Set(denied) };
}

function planOf({ host, policy }: Sample): Plan | undefined {
  const result = planLinux(policy, factsOf(host, policy));
  if (result.ok) return result.plan;
  for (const refusal of result.refusals) {
    expect(refusal.field).toMatch(/^filesystem\.(readonly|readwrite|denied)Paths\[\d+\]$/);
    expect(refusal.message).not.toBe("");
  }
  return undefined;
}

const RANK: Readonly<Record<Shown | Access, number>> = {
  denied: 0,
  private: 0,
  read: 1,
  write: 2,
};

/** Nothing is shown that the policy does not show, and nothing with more than it gives. */
function checkNoMore(sandbox: Sandbox, meaning: Meaning): void {
  for (const spot of sandbox.all()) {
    if (spot.hostPath === undefined || spot.access === "denied") continue;
    const allowed = meaning.accessOf(spot.hostPath);
    const fallback = spot.baseline && allowed === undefined ? "read" : "denied";
    if (isDevice(spot)) continue;
    // Other names of a denied file are looked for in what is granted, not in the baseline.
    const hidden = meaning.deniedInodes.has(spot.node.inode) && !spot.baseline;
    if (RANK[spot.access] > RANK[allowed ?? fallback] || hidden) {
      throw new Error(`${spot.place} shows ${spot.hostPath} for ${spot.access}, not ${allowed}`);
    }
  }
}

/** The opening's own. */
function isDevice({ place, baseline }: Spot): boolean {
  return baseline && place.startsWith("/dev/");
}

/** Every grant is there at the path as the policy has it, with its access. */
function checkNoLess(sandbox: Sandbox, meaning: Meaning, { host, policy }: Sample): void {
  for (const grant of policy.grants) {
    const { canonical, object } = resolve(host, grant.path, new Map());
    if (object === undefined) continue;
    const access = meaning.accessOf(canonical);
    // A link inside a denied folder is gone with it; its target is shown by its own path.
    const spot = sandbox.look(grant.path) ?? sandbox.look(canonical);
    if (access === "denied" || meaning.deniedInodes.has(object.inode)) {
      if (spot?.hostPath !== undefined) throw new Error(`${grant.path} is not denied`);
    } else if (spot?.node.inode !== object.inode || spot.access !== access) {
      throw new Error(`${grant.path}: ${spot?.access} of ${spot?.hostPath}, not ${access}`);
    }
  }
}

describe("a plan does what the policy says", () => {
  for (const kind of ["plain", "links", "names"] as const) {
    const title = { plain: "folders and files", links: "symbolic links", names: "hard links" }[
      kind
    ];
    test(`${title}: no more, and no less`, () => {
      let carried = 0;
      fc.assert(
        fc.property(samples(kind), (sample) => {
          const plan = planOf(sample);
          if (plan === undefined) return;
          carried += 1;
          const sandbox = carryOut(plan, sample.host);
          const meaning = meaningOf(sample);
          checkNoMore(sandbox, meaning);
          checkNoLess(sandbox, meaning, sample);
        }),
        RUNS,
      );
      expect(carried).toBeGreaterThan(RUNS.numRuns / 10);
    });
  }

  test("without links, every host object has exactly the access of the deepest entry", () => {
    fc.assert(
      fc.property(samples("plain"), (sample) => {
        const plan = planOf(sample);
        if (plan === undefined) return;
        const sandbox = carryOut(plan, sample.host);
        const meaning = meaningOf(sample);
        for (const at of Object.keys(sample.tree)) {
          const access = meaning.accessOf(at);
          const spot = sandbox.look(at);
          if (access === "read" || access === "write")
            expect([at, spot?.access]).toEqual([at, access]);
          else if (access === "denied") expect([at, spot?.hostPath]).toEqual([at, undefined]);
        }
      }),
      RUNS,
    );
  });

  test("the order of the lists makes no difference", () => {
    fc.assert(
      fc.property(samples("links"), (sample) => {
        const reversed = policyOf([...sample.words].reverse());
        const one = planLinux(sample.policy, factsOf(sample.host, sample.policy));
        const other = planLinux(reversed, factsOf(sample.host, reversed));
        expect(other.ok).toBe(one.ok);
        if (!one.ok || !other.ok) return;
        const view = (plan: Plan) =>
          carryOut(plan, sample.host)
            .all()
            .map(({ place, hostPath, access }) => `${place} ${hostPath} ${access}`)
            .sort();
        expect(view(other.plan)).toEqual(view(one.plan));
      }),
      RUNS,
    );
  });

  test("the working folder is there", () => {
    fc.assert(
      fc.property(samples("plain"), path, (sample, cwd) => {
        const facts = factsOf(sample.host, sample.policy, { cwd });
        const result = planLinux(sample.policy, facts);
        if (!result.ok) return;
        const sandbox = carryOut(result.plan, sample.host);
        const folder = sandbox.workingFolder as string;
        const spot = sandbox.look(folder);
        // The host's own folder exists: the caller is in it. Here it is any path.
        if (resolve(sample.host, folder, new Map()).object === undefined) return;
        expect([folder, spot === undefined]).toEqual([folder, false]);
      }),
      RUNS,
    );
  });
});

describe("a plan as bytes", () => {
  test("decodes to the same steps", () => {
    fc.assert(
      fc.property(
        samples("links"),
        fc.record({ envelope: fc.boolean(), debugTrailer: fc.boolean() }),
        fc.integer({ min: 0, max: 0xffff_ffff }),
        (sample, options, timeoutMs) => {
          const plan = planOf(sample);
          if (plan === undefined) return;
          const decoded = decodePlan(encodePlan({ ...plan, timeoutMs }, options));
          expect(decoded.options).toEqual(options);
          expect(decoded.timeoutMs).toBe(timeoutMs);
          expect(decoded.constantOpening).toBe(plan.opening === "constant");
          const steps = plan.opening === "constant" ? plan.steps : [...plan.opening, ...plan.steps];
          expect(decoded.steps).toEqual(
            steps.map((step) => ({
              kind: step.kind,
              flags: step.flags ?? 0,
              source: step.source ?? "",
              target: step.target ?? "",
              device: step.device ?? 0n,
              inode: step.inode ?? 0n,
              argument: BigInt(step.argument ?? 0),
              extra: BigInt(step.extra ?? 0),
            })),
          );
        },
      ),
      { numRuns: 300 },
    );
  });
});

/** What Landlock's rules add up to at a path: those of it and of every folder above it. */
function landlockAccess(plan: Plan, path: string): number {
  let rights = 0;
  for (const { kind, target = "", argument } of plan.steps) {
    if (kind === "landlockRule" && isWithin(path, target))
      rights = Math.max(rights, RIGHTS[argument ?? 0] ?? 0);
  }
  return rights;
}

/** By `Access`: listing alone opens no file; using is for devices. */
const RIGHTS: Readonly<Record<number, number>> = {
  [Rights.list]: 0,
  [Rights.read]: 1,
  [Rights.write]: 2,
  [Rights.use]: 2,
};

const SCRATCH = "/tmp/mxc-scratch";

function landlockFacts(host: FakeHost): LandlockFacts {
  const nodes = new Map(everyPath(host));
  return {
    baseline: ["/usr/bin", "/usr/sbin", "/usr/lib", "/usr/share", "/etc"],
    secrets: ["/etc/shadow", "/etc/ssh/ssh_host_rsa_key"].map((canonical) => ({
      canonical,
      isFolder: false,
    })),
    entriesOf: (folder) =>
      [...(nodes.get(folder)?.children ?? [])].flatMap(([name, node]) =>
        node.type === "link"
          ? []
          : [{ name, object: { type: node.type, device: 7n, inode: node.inode, links: 1 } }],
      ),
    processes: 10,
    scratch: SCRATCH,
  };
}

function everyPath(host: FakeHost): [string, HostNode][] {
  const out: [string, HostNode][] = [];
  const walk = (path: string, node: HostNode) => {
    out.push([path === "" ? "/" : path, node]);
    for (const [name, child] of node.children) walk(`${path}/${name}`, child);
  };
  walk("", host.root);
  return out;
}

describe("the landlock tier does what the policy says, or refuses", () => {
  for (const kind of ["plain", "links", "names"] as const) {
    test(`${kind}: nothing more, and what is granted`, () => {
      let planned = 0;
      fc.assert(
        fc.property(samples(kind), (sample) => {
          const { host, policy } = sample;
          const own = landlockFacts(host);
          const result = planLandlock(policy, factsOf(host, policy), own);
          if (!result.ok) return;
          planned += 1;
          const meaning = meaningOf(sample);
          for (const [path, node] of everyPath(host)) {
            if (node.type === "link" || isWithin(path, SCRATCH) || node.type === "device") continue;
            const access = landlockAccess(result.plan, path);
            const granted = meaning.accessOf(path);
            const isBaseline = own.baseline.some((folder) => isWithin(path, folder));
            const isSecret = own.secrets.some(({ canonical }) => canonical === path);
            const most = granted === undefined ? (isBaseline && !isSecret ? 1 : 0) : RANK[granted];
            // Other names of what is denied are looked for in what is granted, not in all the baseline.
            const hidden =
              meaning.deniedInodes.has(node.inode) && (granted !== undefined || !isBaseline);
            if (isWithin(path, "/proc") || isWithin(path, "/dev")) continue;
            if (node.type === "directory") {
              if (access > most) throw new Error(`${path}: ${access}, not ${most}`);
              continue;
            }
            if (access > (hidden ? 0 : most)) throw new Error(`${path}: ${access}, not ${most}`);
            // Each file that there is is granted, be it by a rule of its own.
            if (granted !== undefined && !hidden && access < RANK[granted])
              throw new Error(`${path}: ${access}, less than ${granted}`);
          }
        }),
        RUNS,
      );
      expect(planned).toBeGreaterThan(RUNS.numRuns / 10);
    });
  }
});
