const chat = `chat = [{"role": "user", "content": "Who are you?"}]
inputs = tokenizer.apply_chat_template(
    chat, add_generation_prompt=True, return_tensors="pt", return_dict=True
)
output = model.generate(**inputs, max_new_tokens=100)
print(tokenizer.decode(output[0], skip_special_tokens=True))`;

const adapter = `from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

base = "path/to/base-model"
tokenizer = AutoTokenizer.from_pretrained(base)
model = AutoModelForCausalLM.from_pretrained(base)
model = PeftModel.from_pretrained(model, "path/to/adapter")

${chat}`;

const merged = `from transformers import AutoModelForCausalLM, AutoTokenizer

folder = "path/to/merged-model"
tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModelForCausalLM.from_pretrained(folder, dtype="auto")

${chat}`;

/** Python code that loads an export; undefined for a format that Python can't load. */
export function pythonSnippet(format: string): string | undefined {
  return SNIPPETS[format];
}

const SNIPPETS: Readonly<Record<string, string>> = { peft: adapter, merged };
