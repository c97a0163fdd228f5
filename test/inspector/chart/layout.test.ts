import type { AnyStateNode } from 'xstate';
import { describe, expect, it } from 'vitest';
import { type ChartNode, vmChart } from '../../../src/inspector/chart/index.ts';
import { vmMachine } from '../../../src/machines/vm/index.ts';

const statesOf = (node: AnyStateNode): AnyStateNode[] => [
  node,
  ...Object.values(node.states).flatMap(statesOf),
];
const states = statesOf(vmMachine.root as AnyStateNode);
const byId = new Map(vmChart.nodes.map((node) => [node.id, node]));

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const overlap = (one: Box, other: Box): boolean =>
  one.x < other.x + other.width &&
  other.x < one.x + one.width &&
  one.y < other.y + other.height &&
  other.y < one.y + one.height;

const contains = (outer: Box, inner: Box): boolean =>
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.width <= outer.x + outer.width &&
  inner.y + inner.height <= outer.y + outer.height;

const pairs = (nodes: readonly ChartNode[]) =>
  nodes.flatMap((one, at) => nodes.slice(at + 1).map((other) => [one, other] as const));

describe("the VM chart's data", () => {
  it('has every state, by the name that events and snapshots have for it', () => {
    expect(vmChart.nodes.map(({ id }) => id)).toEqual(states.map(({ id }) => id));
  });

  it('has every transition that leads somewhere, in exactly one line', () => {
    const ofMachine = states.flatMap((node) =>
      [...node.transitions.values(), node.always ?? []]
        .flat()
        .flatMap(({ eventType, target }) => (target ?? []).map(({ id }) => `${node.id} ${eventType} ${id}`)),
    );
    const ofChart = vmChart.edges
      .flatMap(({ transitions }) => transitions)
      .map(({ source, event, target }) => `${source} ${event} ${target}`);
    expect(ofChart.toSorted()).toEqual(ofMachine.toSorted());
  });

  it('draws states inside their parents, and none over another', () => {
    const outside = vmChart.nodes.filter((node) => {
      const parent = node.parent === null ? { x: 0, y: 0, ...vmChart } : byId.get(node.parent);
      return !parent || !contains(parent, node);
    });
    expect(outside.map(({ id }) => id)).toEqual([]);
    const siblings = pairs(vmChart.nodes).filter(([one, other]) => one.parent === other.parent);
    const over = siblings.filter(([one, other]) => overlap(one, other));
    expect(over.map(([one, other]) => `${one.id}, ${other.id}`)).toEqual([]);
  });

  it('draws lines between siblings, or from the beginning of a state to what is in it', () => {
    const parentOf = (id: string) => byId.get(id)?.parent;
    const stray = vmChart.edges.filter(
      ({ source, target }) => parentOf(source) !== parentOf(target) && parentOf(target) !== source,
    );
    expect(stray.map(({ id }) => id)).toEqual([]);
    const mute = vmChart.edges.filter(
      ({ points, labels, transitions }) => points.length < 2 || labels.length > 0 !== transitions.length > 0,
    );
    expect(mute.map(({ id }) => id)).toEqual([]);
  });

  it('writes no text over a state', () => {
    const leaves = vmChart.nodes.filter(({ id }) => vmChart.nodes.every(({ parent }) => parent !== id));
    const over = vmChart.edges.flatMap(({ labels }) =>
      labels.filter((label) => leaves.some((leaf) => overlap(label, leaf))),
    );
    expect(over).toEqual([]);
  });
});
