export type NotRead = {
  name: string;
  /** As the refusal names it: "Innovus timeDesign summary". */
  title: string;
  /** 0 to 1, as of the formats that are read. */
  recognise(start: string): number;
};

/** Recognises a start that has all of the patterns. */
export const notRead = (name: string, title: string, ...patterns: RegExp[]): NotRead => ({
  ...{ name, title },
  recognise: (start) => patterns.every((pattern) => pattern.test(start)) ? 0.97 : 0,
});
