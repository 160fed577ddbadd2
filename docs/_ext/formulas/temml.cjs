// One formula a line in, as JSON; one line out: its MathML, or what is wrong with it.
const module_ = require(process.argv[2]);
const temml = module_.default || module_;
const options = { annotate: true, throwOnError: true, strict: true, trust: isClass };

function isClass(context) {
  return context.command === "\\class"; // a colour by its name, and nothing else
}

function answer(line) {
  const { latex, displayMode } = JSON.parse(line);
  try {
    return { mathml: temml.renderToString(latex, { ...options, displayMode }) };
  } catch (error) {
    return { error: error.message.replace(/[\u0300-\u036f]/g, "") };
  }
}

require("readline")
  .createInterface({ input: process.stdin })
  .on("line", (line) => process.stdout.write(JSON.stringify(answer(line)) + "\n"));
