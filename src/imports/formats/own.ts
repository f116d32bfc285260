/** A copy that does not keep the piece of the file alive that the text was cut from. */
export const own = (text: string) => (" " + text).slice(1);
