const chat = `chat = [{"role": "user", "content": "Who are you?"}]
inputs = tokenizer.apply_chat_template(
    chat, add_generation_prompt=True, return_tensors="pt", return_dict=True
)
output = model.generate(**inputs, max_new_tokens=100)
print(tokenizer.decode(output[0], skip_special_tokens=True))`;

/** Python code that loads a base with an adapter and asks a question. */
export function adapterCode(base: string, adapter: string): string {
  return `from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

base = ${JSON.stringify(base)}
tokenizer = AutoTokenizer.from_pretrained(base)
model = AutoModelForCausalLM.from_pretrained(base)
model = PeftModel.from_pretrained(model, ${JSON.stringify(adapter)})

${chat}`;
}

/** Python code that loads a complete model and asks a question. */
export function mergedCode(folder: string, withImages: boolean): string {
  const model = withImages ? 'AutoModelForImageTextToText' : 'AutoModelForCausalLM';
  return `from transformers import ${model}, AutoTokenizer

folder = ${JSON.stringify(folder)}
tokenizer = AutoTokenizer.from_pretrained(folder)
model = ${model}.from_pretrained(folder, dtype="auto")

${chat}`;
}
