/** How an exported adapter is loaded in Python. */
export const pythonSnippet = `from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

base = "path/to/base-model"
tokenizer = AutoTokenizer.from_pretrained(base)
model = AutoModelForCausalLM.from_pretrained(base)
model = PeftModel.from_pretrained(model, "path/to/adapter")

chat = [{"role": "user", "content": "Who are you?"}]
inputs = tokenizer.apply_chat_template(
    chat, add_generation_prompt=True, return_tensors="pt", return_dict=True
)
output = model.generate(**inputs, max_new_tokens=100)
print(tokenizer.decode(output[0], skip_special_tokens=True))`;
