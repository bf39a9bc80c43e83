/**
 * The file policy as mounts: grants, denials and baseline become places in the new root, each with
 * one access, in the order in which they have to be made. Pure.
 *
 * The most specific path wins; one object under several names has the strictest access of them;
 * a denied object is denied wherever a grant shows it.
 */

import type { Refusal } from "../errors.ts";
import type { HostFacts, HostObject, PathFacts } from "../host/facts.ts";
import {
  BASELINE_PATHS,
  BindFlag,
  openingSteps,
  SENSITIVE_PATHS,
} from "../native/abi.generated.ts";
import { ancestorsOf, depthOf, isWithin, join, parentOf, rebase } from "../policy/paths.ts";
import type { Access, Grant } from "../policy/policy.ts";
import {
  deniedProcess,
  deniedRoot,
  hostProc,
  isOfProcess,
  strictest,
} from "../policy/to-policy.ts";
import type { Step } from "./plan.ts";

/** A host object at a place in the sandbox. */
export interface Region {
  readonly place: string;
  readonly canonical: string;
  /** Absent for the baseline, which the opening mounts, whatever of it the host has. */
  readonly object?: HostObject;
  readonly access: "read" | "write";
  readonly baseline: boolean;
}

/** The sandbox's own, whatever the host has there; /tmp is the host's if all of the host is granted. */
const PRIVATE_PATHS = ["/proc", "/dev", "/tmp"] as const;

function privatePaths(regions: Regions): readonly string[] {
  return regions.at("/") === undefined ? PRIVATE_PATHS : ["/proc", "/dev"];
}

export interface FileLayout {
  readonly steps: readonly Step[];
  readonly regions: readonly Region[];
  /** The whole host is granted: the new root is the host's. */
  readonly root?: Region;
  /** What of the host no region may show, under every name it has. */
  readonly denied: readonly DeniedPath[];
}

export interface DeniedPath {
  readonly canonical: string;
  readonly isFolder: boolean;
  readonly field: string;
  readonly path: string;
}

export type FileResult =
  | { readonly ok: true; readonly layout: FileLayout }
  | { readonly ok: false; readonly refusals: readonly [Refusal, ...Refusal[]] };

interface Entry {
  readonly grant: Grant;
  readonly facts: PathFacts;
  readonly object: HostObject;
  readonly access: Access;
}

interface Denial {
  readonly place: string;
  /** Absent in the sandbox's own folders, where it is another object than the host's. */
  readonly object?: HostObject;
  /** There need not be anything: the baseline's and the sandbox's own is the host's affair. */
  readonly optional?: boolean;
}

export function layOutFiles(grants: readonly Grant[], facts: HostFacts): FileResult {
  const refusals: Refusal[] = [];
  const { entries, missing } = lookUp(grants, facts, refusals);
  const regions = new Regions();
  placeBaseline(entries, regions);
  placeGrants(entries, facts, regions);
  refuseMissingDenials(missing, regions, refusals);
  const denials = placeDenials(entries, facts, regions, refusals);
  const [first, ...rest] = refusals;
  if (first !== undefined) return { ok: false, refusals: [first, ...rest] };
  const steps = mountSteps(regions, denials);
  const root = regions.at("/");
  const layout = { steps, regions: regions.all(), denied: deniedPaths(entries, facts) };
  return { ok: true, layout: root === undefined ? layout : { ...layout, root } };
}

function deniedPaths(entries: readonly Entry[], facts: HostFacts): readonly DeniedPath[] {
  const out: DeniedPath[] = [];
  for (const { access, grant, facts: path, object } of entries) {
    if (access !== "denied") continue;
    for (const canonical of [path.canonical, ...(facts.aliases.get(path.canonical) ?? [])]) {
      const isFolder = object.type === "directory";
      out.push({ canonical, isFolder, field: grant.field, path: grant.path });
    }
  }
  return out;
}

/** Regions by place and by what they show. */
class Regions {
  readonly #byPlace = new Map<string, Region>();
  readonly #byCanonical = new Map<string, Region[]>();

  add(region: Region): void {
    const known = this.#byPlace.get(region.place);
    // By way of a link, a grant may name a part of the baseline by another path.
    if (known !== undefined && (!known.baseline || region.baseline)) return;
    this.#byPlace.set(region.place, region);
    const same = this.#byCanonical.get(region.canonical) ?? [];
    this.#byCanonical.set(region.canonical, [...same.filter((other) => other !== known), region]);
  }

  at(place: string): Region | undefined {
    return this.#byPlace.get(place);
  }

  all(): readonly Region[] {
    return [...this.#byPlace.values()];
  }

  /** The nearest region at or above a place. */
  over(place: string): Region | undefined {
    if (this.#byPlace.size === 0) return undefined;
    for (let at = place; ; at = parentOf(at)) {
      const region = this.#byPlace.get(at);
      if (region !== undefined) return region;
      if (at === "/") return undefined;
    }
  }

  /** Every place where a host object is seen through a region at or above it. */
  placesOf(canonical: string): string[] {
    const out: string[] = [];
    for (let at = canonical; ; at = parentOf(at)) {
      for (const region of this.#byCanonical.get(at) ?? []) {
        out.push(rebase(canonical, at, region.place));
      }
      if (at === "/") return out;
    }
  }
}

function identityOf(object: HostObject): string {
  return `${object.device}:${object.inode}`;
}

function lookUp(grants: readonly Grant[], facts: HostFacts, refusals: Refusal[]) {
  const strict = new Map<string, Access>();
  const found: { grant: Grant; facts: PathFacts; object: HostObject }[] = [];
  const missing: { grant: Grant; canonical: string }[] = [];
  for (const grant of grants) {
    const path = facts.paths.get(grant.path);
    if (path === undefined) throw new Error(`not probed: ${grant.path}`);
    // Links lead there too: /proc/net, /dev/fd.
    if (grant.access === "denied" && (isOfProcess(path.canonical) || isOwnStream(grant.path))) {
      refusals.push(deniedProcess(grant));
      continue;
    }
    if (path.object === undefined) {
      if (grant.access !== "denied") refusals.push(absent(grant, path));
      // What the caller may not look at, the workload may not either.
      else if (path.forbidden !== true) missing.push({ grant, canonical: path.canonical });
      continue;
    }
    // By whatever name: the policy layer has only seen how the path is written.
    if (grant.access !== "denied" && isWithin(path.canonical, "/proc")) {
      refusals.push(hostProc(grant));
      continue;
    }
    if (grant.access === "denied" && path.canonical === "/") {
      refusals.push(deniedRoot(grant));
      continue;
    }
    found.push({ grant, facts: path, object: path.object });
    const key = identityOf(path.object);
    const known = strict.get(key);
    strict.set(key, known === undefined ? grant.access : strictest(known, grant.access));
  }
  const entries: Entry[] = found.map((entry) => ({
    ...entry,
    access: strict.get(identityOf(entry.object)) as Access,
  }));
  return { entries, missing };
}

function absent(grant: Grant, path: PathFacts): Refusal {
  return {
    code: "path_unavailable",
    field: grant.field,
    message:
      path.forbidden === true
        ? `'${grant.path}' is not yours to reach`
        : `'${grant.path}' does not exist`,
    remedy:
      path.forbidden === true
        ? "A sandbox is granted no more than its caller has."
        : "Create it first, or remove it from the policy.",
  };
}

/**
 * The baseline where no grant covers it, each path as its own canonical one: where the host has a
 * link instead (`/bin` to `usr/bin`), no canonical path begins with it.
 */
function placeBaseline(entries: readonly Entry[], regions: Regions): void {
  const granted = new Set<string>();
  for (const entry of entries) if (entry.access !== "denied") granted.add(entry.grant.path);
  for (const path of BASELINE_PATHS) {
    if (granted.has(path) || ancestorsOf(path).some((above) => granted.has(above))) continue;
    regions.add({ place: path, canonical: path, access: "read", baseline: true });
  }
}

function placeGrants(entries: readonly Entry[], facts: HostFacts, regions: Regions): void {
  const open = entries.filter((entry) => entry.access !== "denied");
  open.sort((a, b) => depthOf(a.grant.path) - depthOf(b.grant.path));
  for (const entry of open) {
    regions.add(regionOf(entry, placeOf(entry, facts, regions)));
  }
  // A grant below another one's object holds there too, whatever name leads to it.
  for (const entry of open) {
    for (const place of regions.placesOf(parentOf(entry.facts.canonical))) {
      if (entry.facts.canonical === "/") continue;
      const name = entry.facts.canonical.slice(entry.facts.canonical.lastIndexOf("/") + 1);
      regions.add(regionOf(entry, join(place, name)));
    }
  }
}

function regionOf(entry: Entry, place: string): Region {
  const { canonical } = entry.facts;
  return {
    place,
    canonical,
    object: entry.object,
    access: entry.access === "write" ? "write" : "read",
    baseline: false,
  };
}

/**
 * Where the sandbox's own walk of the path ends: a link that a region shows is followed; one that
 * nothing shows is a plain folder of the new root, so that the path works as it is written.
 */
function placeOf(entry: Entry, facts: HostFacts, regions: Regions): string {
  const { path } = entry.grant;
  if (path === entry.facts.canonical) return path;
  let place = "/";
  let host = "/";
  const rest = path
    .split("/")
    .filter((part) => part !== "")
    .reverse();
  for (let followed = 0; rest.length > 0; ) {
    const part = rest.pop() as string;
    if (part === "..") {
      place = parentOf(place);
      host = parentOf(host);
      continue;
    }
    const text = facts.links.get(join(host, part));
    if (text === undefined || followed >= 40) {
      place = join(place, part);
      host = join(host, part);
      continue;
    }
    followed += 1;
    const shown =
      regions.over(place) !== undefined ||
      (place === "/" && BASELINE_PATHS.some((known) => known === join("/", part)));
    const pieces = text.split("/").filter((piece) => piece !== "" && piece !== ".");
    if (shown) {
      if (text.startsWith("/")) place = host = "/";
      rest.push(...pieces.reverse());
    } else {
      place = join(place, part);
      host = follow(text.startsWith("/") ? "/" : host, pieces, facts);
    }
  }
  return place;
}

/** The host's walk of a link's text. */
function follow(from: string, pieces: readonly string[], facts: HostFacts): string {
  let at = from;
  const rest = [...pieces].reverse();
  for (let followed = 0; rest.length > 0 && followed < 40; ) {
    const part = rest.pop() as string;
    if (part === "..") {
      at = parentOf(at);
      continue;
    }
    const text = facts.links.get(join(at, part));
    if (text === undefined) {
      at = join(at, part);
      continue;
    }
    followed += 1;
    if (text.startsWith("/")) at = "/";
    rest.push(
      ...text
        .split("/")
        .filter((piece) => piece !== "" && piece !== ".")
        .reverse(),
    );
  }
  return at;
}

/** Nothing can be mounted where there is nothing, and nothing is ever created on the host. */
function refuseMissingDenials(
  missing: readonly { grant: Grant; canonical: string }[],
  regions: Regions,
  refusals: Refusal[],
): void {
  for (const { grant, canonical } of missing) {
    const places = regions.placesOf(canonical);
    const shown = places.map((place) => regions.over(place)).find((region) => region !== undefined);
    if (shown === undefined) continue;
    refusals.push({
      code: "path_unavailable",
      field: grant.field,
      message: `'${grant.path}' does not exist, and could be created inside '${shown.place}' while the sandbox runs`,
      remedy: "Create it first (empty will do), or remove the denial.",
    });
  }
}

function placeDenials(
  entries: readonly Entry[],
  facts: HostFacts,
  regions: Regions,
  refusals: Refusal[],
): Map<string, Denial> {
  const denials = new Map<string, Denial>();
  for (const entry of entries) {
    if (entry.access !== "denied") continue;
    const { canonical } = entry.facts;
    if (facts.unboundedLinks.has(canonical)) {
      refusals.push({
        code: "not_enforceable",
        field: entry.grant.field,
        message: `'${entry.grant.path}' has ${entry.object.links} hard links, and the granted folders are too large to find them all`,
        remedy: "Grant a smaller folder, or give the file one name only.",
      });
      continue;
    }
    for (const name of [canonical, ...(facts.aliases.get(canonical) ?? [])]) {
      for (const place of regions.placesOf(name)) {
        if (isPrivate(place, regions) || isSensitive(place, regions)) continue;
        denials.set(place, { place, object: entry.object });
      }
    }
    for (const name of facts.aliasParts?.get(canonical) ?? []) {
      for (const place of regions.placesOf(name)) {
        const region = regions.at(place);
        if (region !== undefined && !region.baseline) refusals.push(grantedPart(entry, region));
        else if (!isPrivate(place, regions)) denials.set(place, { place });
      }
    }
    // Nothing of the baseline that is below it stays, though nothing shows the folder itself.
    for (const region of regions.all()) {
      if (region.baseline && isWithin(parentOf(region.canonical), canonical)) {
        denials.set(region.place, { place: region.place, optional: true });
      }
    }
    const own = ownPlace(entry, regions);
    if (own !== undefined) denials.set(own, { place: own, optional: true });
  }
  placeKernelMounts(entries, facts, regions, denials, refusals);
  return denials;
}

function grantedPart({ grant }: Entry, region: Region): Refusal {
  return {
    code: "not_enforceable",
    field: grant.field,
    message: `'${grant.path}' is denied, and '${region.canonical}', which is granted, is a part of it mounted there`,
    remedy: "Remove the denial or the grant.",
  };
}

/**
 * What the kernel offers there is no part of the folder that it is mounted in: it is shown if it is
 * granted by its own path, and the host's /proc never.
 */
function placeKernelMounts(
  entries: readonly Entry[],
  facts: HostFacts,
  regions: Regions,
  denials: Map<string, Denial>,
  refusals: Refusal[],
): void {
  for (const { point, type } of facts.kernelMounts ?? []) {
    const isProc = type === "proc";
    for (const { access, facts: path, grant } of entries) {
      if (isProc && access !== "denied" && isWithin(path.canonical, point))
        refusals.push(hostProc(grant));
    }
    for (const place of regions.placesOf(point)) {
      const region = regions.at(place);
      const isGranted = region !== undefined && !region.baseline && !isProc;
      if (!isGranted && !isPrivate(place, regions) && !denials.has(place))
        denials.set(place, { place });
    }
  }
}

/** In a folder of the sandbox's own, where no grant shows the host's. */
function isPrivate(place: string, regions: Regions): boolean {
  const over = regions.over(place)?.place ?? "/";
  return privatePaths(regions).some((folder) => isWithin(place, folder) && !isWithin(over, folder));
}

/** Where the sandbox has such a thing of its own, if it does; /proc has what the kernel puts there. */
function ownPlace({ grant, facts }: Entry, regions: Regions): string | undefined {
  // What `..` means, the host's links say.
  const path = grant.path.includes("/..") ? facts.canonical : grant.path;
  if (!isPrivate(path, regions)) return undefined;
  if (isWithin(path, "/proc")) return path;
  const step = openingSteps().find(({ target }: Step) => target === path);
  // /dev/ptmx
  return step?.kind === "symlink" ? join(parentOf(path), step.source as string) : step?.target;
}

/** /dev/stdin and the like: links of the sandbox's own to what each process has open. */
function isOwnStream(path: string): boolean {
  return openingSteps().some(
    (step: Step) =>
      step.kind === "symlink" &&
      step.source?.startsWith("/proc/") === true &&
      isWithin(path, step.target as string),
  );
}

/** Denied by the opening already. */
function isSensitive(place: string, regions: Regions): boolean {
  return (
    regions.over(place)?.baseline === true &&
    SENSITIVE_PATHS.some((secret) => isWithin(place, secret))
  );
}

/** Shallow to deep, each in a place that exists by then. */
function mountSteps(regions: Regions, denials: ReadonlyMap<string, Denial>): Step[] {
  const places = new Set<string>([...denials.keys()]);
  for (const region of regions.all()) {
    if (region.place !== "/" && !region.baseline) places.add(region.place);
  }
  const order = [...places].sort((a, b) => depthOf(a) - depthOf(b) || (a < b ? -1 : 1));
  const screens = new Set<string>();
  for (const place of order) {
    if (denials.has(place)) continue;
    for (const above of ancestorsOf(place)) if (denials.has(above)) screens.add(above);
  }
  const made = new Set<string>([
    "/",
    "/tmp",
    "/dev",
    "/proc",
    "/dev/shm",
    "/dev/pts",
    "/run",
    "/var",
  ]);
  const steps: Step[] = [];
  const shown = new Map<string, "region" | "baseline" | "denial" | "screen" | "private">();
  for (const folder of privatePaths(regions)) shown.set(folder, "private");
  for (const region of regions.all()) {
    if (region.baseline) shown.set(region.place, "baseline");
    else if (region.place === "/") shown.set("/", "region");
  }
  for (const place of order) {
    const above = ancestorsOf(place)
      .reverse()
      .find((folder) => shown.has(folder));
    const over = above === undefined ? undefined : shown.get(above);
    const denial = denials.get(place);
    if (denial !== undefined) {
      if (over === "denial" || over === "screen") continue; // nothing of it is there
      const screen = screens.has(place);
      shown.set(place, screen ? "screen" : "denial");
      // What was below it is not there any more.
      for (const folder of made)
        if (folder !== place && isWithin(folder, place)) made.delete(folder);
      steps.push({
        kind: screen ? "screen" : "deny",
        target: place,
        ...(denial.optional === true ? { flags: BindFlag.optional } : {}),
        ...(denial.object === undefined
          ? {}
          : { device: denial.object.device, inode: denial.object.inode }),
        ...(screen ? {} : { argument: OBJECT_ANY }),
      });
      continue;
    }
    const region = regions.at(place) as Region;
    // Below another grant or the baseline, the object itself is there already.
    const isOwn = privatePaths(regions).some((folder) => folder === place);
    const inHost = !isOwn && (over === "region" || over === "baseline");
    if (!inHost && !isOwn) {
      const mode = over === "screen" ? 0o111 : 0o755;
      for (const folder of ancestorsOf(place)) {
        if (made.has(folder) || (above !== undefined && depthOf(folder) <= depthOf(above)))
          continue;
        made.add(folder);
        steps.push({ kind: "directory", target: folder, argument: mode });
      }
      if (!made.has(place)) {
        made.add(place);
        steps.push(
          region.object?.type === "directory"
            ? { kind: "directory", target: place, argument: mode }
            : { kind: "file", target: place },
        );
      }
    }
    shown.set(place, "region");
    // A secret of the baseline has its stand-in there, which the grant goes over.
    const expected = inHost && !SENSITIVE_PATHS.some((secret) => secret === place);
    steps.push(bindStep(region, expected ? BindFlag.sameObject : 0));
  }
  for (const place of screens)
    if (shown.get(place) === "screen") steps.push({ kind: "seal", target: place });
  return steps;
}

/** ObjectType.any, spelt here so that a denial's step says what it is in the printed plan. */
const OBJECT_ANY = 4;

export function bindStep(region: Region, extraFlags: number): Step {
  const inDev = isWithin(region.canonical, "/dev");
  return {
    kind: "bind",
    source: region.canonical,
    target: region.place,
    ...(region.object === undefined
      ? {}
      : { device: region.object.device, inode: region.object.inode }),
    flags:
      (region.access === "read" ? BindFlag.readOnly : 0) |
      (inDev ? BindFlag.devices : 0) |
      (region.object?.type === "directory" ? BindFlag.recursive : 0) |
      extraFlags,
  };
}
