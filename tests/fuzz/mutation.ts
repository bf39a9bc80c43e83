/** Texts that differ from known ones in some places. */

import fc from "fast-check";

/** What means something in a config, so that chance need not spell it. */
const WORDS = [
  ...'{}[]:,"\\-+.0129eE\0\n\t\ufeff\ud800\u{1f600}',
  ...["null", "true", "false", "1e9", "-0", "4294967296", "\\u0000", "\\ud800", '"":', "[[[[[[[[["],
  ...["0.6.0-alpha", "0.8.0-alpha", "1.0.0", "1.1.0-alpha", "version", "process", "commandLine"],
  ...["filesystem", "readwritePaths", "/proc", "/../", "network", "egress", "allow", "deny"],
  ...["cidr", "except", "::/0", "1.2.3.4/8", "port", "endPort", "extensions", "limits", "_comment"],
  ...["__proto__", "constructor", "phase", "runtimeConfig", "http://localhost:1"],
];

interface Change {
  readonly kind: "insert" | "replace" | "remove" | "repeat" | "cut" | "graft";
  /** Of the text's length, in parts of PARTS. */
  readonly at: number;
  readonly span: number;
  readonly word: string;
  readonly other: number;
}

const PARTS = 0xffff;

const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom<Change["kind"][]>("insert", "replace", "remove", "repeat", "cut", "graft"),
  at: fc.nat(PARTS),
  span: fc.nat(24),
  word: fc.oneof(fc.constantFrom(...WORDS), fc.string({ maxLength: 4 })),
  other: fc.nat(),
});

export function changedTexts(texts: readonly string[]): fc.Arbitrary<string> {
  const changed = fc
    .tuple(fc.constantFrom(...texts), fc.array(change, { minLength: 1, maxLength: 6 }))
    .map(([text, changes]) => changes.reduce((some, one) => apply(some, one, texts), text));
  return fc.oneof(
    { weight: 8, arbitrary: changed },
    { weight: 1, arbitrary: fc.json() },
    { weight: 1, arbitrary: fc.string() },
  );
}

function apply(text: string, { kind, at, span, word, other }: Change, texts: readonly string[]) {
  const from = Math.floor((at * text.length) / PARTS);
  const [before, part] = [text.slice(0, from), text.slice(from, from + span)];
  const after = text.slice(from + span);
  switch (kind) {
    case "insert":
      return before + word + part + after;
    case "replace":
      return before + word + after;
    case "remove":
      return before + after;
    case "repeat":
      return before + part + part + after;
    case "cut":
      return before;
    case "graft": {
      const donor = texts[other % texts.length] as string;
      return before + donor.slice(Math.floor((at * donor.length) / PARTS)) + after;
    }
  }
}
