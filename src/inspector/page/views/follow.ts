import { el } from '../dom.ts';

const NEAR_PX = 40;

/** Keeps a list at its end while new things come, until a person scrolls away from it; with a button back to the end. */
export function follower(list: HTMLElement): { readonly button: HTMLElement; readonly settle: () => void } {
  let isAtEnd = true;
  const button = el('button', { type: 'button', class: 'to-end', hidden: true }, '↓ Latest');
  const settle = () => {
    if (isAtEnd) list.scrollTop = list.scrollHeight;
    button.hidden = isAtEnd;
  };
  list.addEventListener('scroll', () => {
    isAtEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - NEAR_PX;
    button.hidden = isAtEnd;
  });
  button.addEventListener('click', () => {
    isAtEnd = true;
    settle();
    list.focus();
  });
  return { button, settle };
}
