import type { Chart } from '../../chart/index.ts';
import { byId } from '../dom.ts';

const SMALLEST = 0.15;
const LARGEST = 2.5;
const STEP = 1.25;
/** Words can be read from here on. */
const READABLE = 0.82;
const LEAST_READABLE = 0.6;
const MARGIN = 16;
/** A state that is higher than this share of the chart is no step of it. */
const MOST_OF_CHART = 0.3;

type Mode = 'follow' | 'fit' | 'free';

/** What part of the chart is seen: the active state, the whole, or what a person has turned to. */
export class Zoom {
  readonly #box: HTMLElement;
  readonly #svg: SVGSVGElement;
  readonly #chart: Chart;
  #scale = READABLE;
  #mode: Mode = 'follow';
  #at: string | undefined;

  constructor(box: HTMLElement, svg: SVGSVGElement, chart: Chart) {
    this.#box = box;
    this.#svg = svg;
    this.#chart = chart;
    byId('zoom-in').addEventListener('click', () => this.by(STEP));
    byId('zoom-out').addEventListener('click', () => this.by(1 / STEP));
    byId('zoom-fit').addEventListener('click', () => this.toggleFit());
    byId('zoom-follow').addEventListener('click', () => this.follow());
    box.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
    // Whoever moves it wants to look around.
    for (const name of ['pointerdown', 'touchstart'] as const)
      box.addEventListener(name, () => this.#become(this.#mode === 'follow' ? 'free' : this.#mode), {
        passive: true,
      });
    new ResizeObserver(() => this.#show()).observe(box);
    this.#drag();
    this.#become('follow');
  }

  /** Turns to a state, where it is followed. */
  look(id: string | undefined): void {
    this.#at = id;
    if (this.#mode === 'follow') this.#show();
  }

  by(factor: number): void {
    const { clientWidth, clientHeight, scrollLeft, scrollTop } = this.#box;
    const [x, y] = [
      (scrollLeft + clientWidth / 2) / this.#scale,
      (scrollTop + clientHeight / 2) / this.#scale,
    ];
    this.#scale = Math.min(LARGEST, Math.max(SMALLEST, this.#scale * factor));
    this.#become('free');
    this.#resize();
    this.#box.scrollTo(x * this.#scale - clientWidth / 2, y * this.#scale - clientHeight / 2);
  }

  toggleFit(): void {
    if (this.#mode === 'fit') return this.follow();
    this.#become('fit');
    this.#show();
  }

  follow(): void {
    this.#become('follow');
    this.#show();
  }

  #become(mode: Mode): void {
    this.#mode = mode;
    byId('zoom-fit').setAttribute('aria-pressed', String(mode === 'fit'));
    byId('zoom-follow').setAttribute('aria-pressed', String(mode === 'follow'));
  }

  #show(): void {
    const { clientWidth, clientHeight } = this.#box;
    if (clientWidth === 0) return;
    const before = this.#scale;
    if (this.#mode === 'follow') this.#scale = this.#scaleFor(this.#at, clientWidth);
    if (this.#mode === 'fit')
      this.#scale = Math.min(clientWidth / this.#chart.width, clientHeight / this.#chart.height);
    this.#resize();
    if (this.#mode === 'follow') this.#scrollTo(this.#at, before === this.#scale);
  }

  /** So that all of the step is seen that a state belongs to, and can be read. */
  #scaleFor(id: string | undefined, width: number): number {
    const { width: wide = 0 } = this.#stepOf(id) ?? {};
    return wide === 0 ? READABLE : Math.min(1, Math.max(LEAST_READABLE, (width - 2 * MARGIN) / wide));
  }

  /** The state that holds it, unless that is half of the chart. */
  #stepOf(id: string | undefined) {
    const node = this.#chart.nodes.find((each) => each.id === id);
    const holder = this.#chart.nodes.find((each) => each.id === node?.parent);
    return holder && holder.height < MOST_OF_CHART * this.#chart.height ? holder : node;
  }

  #resize(): void {
    this.#svg.setAttribute('width', String(this.#chart.width * this.#scale));
    this.#svg.setAttribute('height', String(this.#chart.height * this.#scale));
  }

  #scrollTo(id: string | undefined, mayGlide: boolean): void {
    const node = this.#stepOf(id);
    if (!node) return;
    const { clientWidth, clientHeight } = this.#box;
    const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    this.#box.scrollTo({
      left: (node.x + node.width / 2) * this.#scale - clientWidth / 2,
      top: (node.y + node.height / 2) * this.#scale - clientHeight / 2,
      behavior: isCalm || !mayGlide ? 'instant' : 'smooth',
    });
  }

  #wheel(event: WheelEvent): void {
    if (!event.ctrlKey && !event.metaKey) {
      if (this.#mode === 'follow') this.#become('free');
      return;
    }
    event.preventDefault();
    this.by(event.deltaY < 0 ? 1.1 : 1 / 1.1);
  }

  #drag(): void {
    this.#box.addEventListener('pointerdown', (down) => {
      if (down.pointerType !== 'mouse' || down.button !== 0) return;
      const { scrollLeft, scrollTop } = this.#box;
      const move = (event: PointerEvent) =>
        this.#box.scrollTo(
          scrollLeft + down.clientX - event.clientX,
          scrollTop + down.clientY - event.clientY,
        );
      const up = () => {
        removeEventListener('pointermove', move);
        this.#box.classList.remove('is-dragged');
      };
      this.#box.classList.add('is-dragged');
      addEventListener('pointermove', move);
      addEventListener('pointerup', up, { once: true });
    });
  }
}
