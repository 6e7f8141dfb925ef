/** Which layout the app wears. */
class Layout {
  isTv = $state(false);

  wear(isTv: boolean): void {
    this.isTv = isTv;
    document.documentElement.classList.toggle('tv', isTv);
  }
}

export const layout = new Layout();
