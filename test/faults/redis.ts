// placeholder
export async function compareRedis(
  _seed: number,
  _rounds: number,
  _say: (line: string) => void,
): Promise<number> {
  return 1;
}
