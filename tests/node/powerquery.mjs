// Reads a program in Power Query M from standard input and says whether Microsoft's own parser takes it.
import powerquery from "@microsoft/powerquery-parser";

const { DefaultSettings, ResultUtils, TaskUtils } = powerquery;
let text = "";
for await (const chunk of process.stdin) text += chunk;
const task = await TaskUtils.tryLexParse(DefaultSettings, text);
const parsed = TaskUtils.isParseStageOk(task);
process.stdout.write(JSON.stringify({ parsed, error: parsed ? null : task.error.message }));
