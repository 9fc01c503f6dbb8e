// What is chosen by chance, and comes out the same each time: commands that run aside several times before it is known
// which keys they need. Must never be used for anything that somebody else should not be able to guess.

/** Numbers from 0 to below 1 that follow from 32 bits (SplitMix: Steele, Lea and Flood, OOPSLA 2014; its 32-bit form). */
export function chanceOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}
