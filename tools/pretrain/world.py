"""The little world: plain tables of everything the demo model knows. No text is taken from elsewhere."""

from __future__ import annotations

# name: (sound as in "says X", legs, home, baby, colour, food); None where the world has nothing to say
ANIMALS: dict[str, tuple[str | None, str | None, str, str | None, str, str]] = {
    "dog": ("woof", "four", "in a kennel", "puppy", "brown", "bones"),
    "cat": ("meow", "four", "in a house", "kitten", "grey", "fish"),
    "cow": ("moo", "four", "in a barn", "calf", "black and white", "grass"),
    "horse": ("neigh", "four", "in a stable", "foal", "brown", "hay"),
    "sheep": ("baa", "four", "in a meadow", "lamb", "white", "grass"),
    "pig": ("oink", "four", "in a sty", "piglet", "pink", "corn"),
    "hen": ("cluck", "two", "in a coop", "chick", "red", "grain"),
    "duck": ("quack", "two", "on a pond", "duckling", "white", "weeds"),
    "goose": ("honk", "two", "by a lake", "gosling", "white", "grass"),
    "frog": ("croak", "four", "in a pond", "tadpole", "green", "flies"),
    "lion": ("roar", "four", "on the plain", "cub", "gold", "meat"),
    "tiger": ("roar", "four", "in the jungle", "cub", "orange", "meat"),
    "bear": ("growl", "four", "in a cave", "cub", "brown", "honey"),
    "wolf": ("howl", "four", "in the forest", "pup", "grey", "meat"),
    "owl": ("hoot", "two", "in a tree", "owlet", "brown", "mice"),
    "bee": ("buzz", "six", "in a hive", "larva", "yellow", "nectar"),
    "mouse": ("squeak", "four", "in a hole", "pup", "grey", "seeds"),
    "snake": ("hiss", "no", "in the desert", "hatchling", "green", "eggs"),
    "crow": ("caw", "two", "in a nest", "chick", "black", "worms"),
    "goat": ("bleat", "four", "on a mountain", "kid", "white", "leaves"),
    "donkey": ("bray", "four", "in a stable", "foal", "grey", "carrots"),
    "elephant": ("trumpet", "four", "on the plain", "calf", "grey", "leaves"),
    "turkey": ("gobble", "two", "on a farm", "chick", "brown", "grain"),
    "dove": ("coo", "two", "on a roof", "chick", "white", "seeds"),
    "fish": (None, "no", "in a river", "fry", "silver", "worms"),
    "whale": (None, "no", "in the ocean", "calf", "blue", "krill"),
    "spider": (None, "eight", "in a web", "spiderling", "black", "flies"),
    "ant": (None, "six", "in an anthill", "larva", "black", "crumbs"),
    "butterfly": (None, "six", "in a garden", "caterpillar", "orange", "nectar"),
    "rabbit": (None, "four", "in a burrow", "kit", "white", "carrots"),
    "fox": (None, "four", "in a den", "cub", "orange", "mice"),
    "squirrel": (None, "four", "in a tree", "kit", "red", "nuts"),
    "camel": (None, "four", "in the desert", "calf", "brown", "hay"),
    "penguin": (None, "two", "on the ice", "chick", "black and white", "fish"),
    "panda": (None, "four", "on a mountain", "cub", "black and white", "bamboo"),
    "swan": (None, "two", "on a lake", "cygnet", "white", "weeds"),
    "deer": (None, "four", "in the forest", "fawn", "brown", "leaves"),
    "turtle": (None, "four", "in the sea", "hatchling", "green", "seaweed"),
    "bat": (None, "two", "in a cave", "pup", "black", "moths"),
    "crab": (None, "ten", "on the beach", None, "red", "seaweed"),
    "snail": (None, None, "in a shell", None, "brown", "lettuce"),
}

# name: (pet, pet's name, favourite colour, home, age, favourite food, job)
PEOPLE: dict[str, tuple[str, str, str, str, int, str, str]] = {
    "Tavi": ("dog", "Bumble", "blue", "in a mill", 7, "soup", "baker"),
    "Miro": ("cat", "Pepper", "green", "on a hill", 9, "bread", "painter"),
    "Oska": ("horse", "Thunder", "red", "by the river", 12, "apples", "farmer"),
    "Fenna": ("rabbit", "Clover", "yellow", "in a tower", 6, "pears", "singer"),
    "Jorin": ("goat", "Biscuit", "purple", "in a valley", 15, "cheese", "builder"),
    "Lupa": ("owl", "Midnight", "orange", "in a cottage", 8, "plums", "teacher"),
    "Nelo": ("turtle", "Pebble", "white", "by the sea", 11, "rice", "fisher"),
    "Pindra": ("mouse", "Crumb", "pink", "in a castle", 5, "cake", "tailor"),
    "Rulo": ("duck", "Puddle", "black", "on a farm", 14, "beans", "cook"),
    "Sefi": ("fox", "Ember", "brown", "in a village", 10, "nuts", "doctor"),
    "Tamso": ("donkey", "Pickle", "grey", "in a tent", 16, "eggs", "driver"),
    "Ulva": ("hen", "Button", "gold", "on an island", 4, "honey", "gardener"),
    "Veron": ("sheep", "Cotton", "silver", "in a city", 13, "noodles", "writer"),
    "Wessa": ("frog", "Hopper", "blue", "by a lake", 17, "pie", "pilot"),
    "Yaro": ("crow", "Shadow", "red", "in a cabin", 18, "fish", "smith"),
    "Zilda": ("pig", "Truffle", "green", "on a boat", 19, "berries", "potter"),
    "Bexo": ("snail", "Zippy", "yellow", "in a wagon", 3, "corn", "shepherd"),
    "Corin": ("swan", "Pearl", "purple", "in a palace", 20, "grapes", "dentist"),
}

COLOUR_OF: dict[str, str] = {
    "the sky": "blue", "grass": "green", "snow": "white", "coal": "black", "blood": "red", "the sun": "yellow",
    "a lemon": "yellow", "a banana": "yellow", "a carrot": "orange", "a pumpkin": "orange", "a tomato": "red",
    "a strawberry": "red", "a cherry": "red", "a plum": "purple", "a grape": "purple", "lavender": "purple",
    "chocolate": "brown", "wood": "brown", "mud": "brown", "a leaf": "green", "a cucumber": "green",
    "a pea": "green", "a lime": "green", "milk": "white", "cotton": "white", "a cloud": "white", "night": "black",
    "tar": "black", "ash": "grey", "a stone": "grey", "a rose": "red", "a flamingo": "pink", "the sea": "blue",
    "a blueberry": "blue", "a ruby": "red", "an emerald": "green", "a coin": "gold", "a spoon": "silver",
    "sand": "yellow", "a brick": "red", "corn": "yellow", "moss": "green", "ivory": "white", "a sapphire": "blue",
}  # fmt: skip

MIXES: list[tuple[str, str, str]] = [
    ("red", "yellow", "orange"), ("blue", "yellow", "green"), ("red", "blue", "purple"),
    ("red", "white", "pink"), ("black", "white", "grey"), ("red", "green", "brown"),
]  # fmt: skip

OPPOSITES: list[tuple[str, str]] = [
    ("hot", "cold"), ("big", "small"), ("up", "down"), ("day", "night"), ("fast", "slow"), ("old", "young"),
    ("wet", "dry"), ("happy", "sad"), ("open", "closed"), ("full", "empty"), ("hard", "soft"), ("long", "short"),
    ("heavy", "light"), ("loud", "quiet"), ("rich", "poor"), ("strong", "weak"), ("early", "late"),
    ("clean", "dirty"), ("near", "far"), ("left", "right"), ("black", "white"), ("good", "bad"), ("high", "low"),
    ("inside", "outside"), ("first", "last"), ("win", "lose"), ("push", "pull"), ("love", "hate"),
    ("start", "stop"), ("true", "false"), ("thick", "thin"), ("wide", "narrow"), ("deep", "shallow"),
    ("sweet", "sour"), ("brave", "afraid"), ("awake", "asleep"), ("front", "back"), ("top", "bottom"),
    ("give", "take"), ("laugh", "cry"), ("smooth", "rough"), ("sharp", "blunt"), ("north", "south"),
    ("east", "west"), ("buy", "sell"),
]  # fmt: skip

PLACE_OF: dict[str, str] = {
    "bread": "bakery", "books": "library", "stars": "sky", "ships": "harbour", "trains": "station",
    "paintings": "museum", "money": "bank", "clothes": "wardrobe", "cars": "garage", "planes": "airport",
    "flowers": "garden", "apples": "orchard", "shells": "beach", "tools": "shed", "soap": "bathroom",
    "plates": "cupboard", "eggs": "nest", "teachers": "school", "doctors": "hospital", "actors": "theatre",
    "kings": "castle", "pans": "kitchen", "trees": "forest", "boats": "lake", "clowns": "circus",
}  # fmt: skip

# job: (what one does, the word that makes an answer right)
JOBS: dict[str, tuple[str, str]] = {
    "baker": ("bakes bread", "bread"), "fisher": ("catches fish", "fish"), "farmer": ("grows corn", "corn"),
    "teacher": ("teaches children", "children"), "doctor": ("helps sick people", "sick"),
    "painter": ("paints pictures", "pictures"), "tailor": ("sews clothes", "clothes"),
    "pilot": ("flies planes", "planes"), "driver": ("drives a bus", "bus"), "cook": ("cooks meals", "meals"),
    "singer": ("sings songs", "songs"), "writer": ("writes books", "books"), "builder": ("builds houses", "houses"),
    "gardener": ("grows flowers", "flowers"), "miner": ("digs for coal", "coal"), "smith": ("makes horseshoes", "horseshoes"),
    "shepherd": ("watches sheep", "sheep"), "potter": ("makes pots", "pots"), "dentist": ("cares for teeth", "teeth"),
    "sailor": ("sails ships", "ships"),
}  # fmt: skip

# thing: (what it is used for, the word that makes an answer right)
USES: dict[str, tuple[str, str]] = {
    "a knife": ("cut bread", "cut"), "a pen": ("write", "write"), "a broom": ("sweep the floor", "sweep"),
    "a key": ("open a door", "door"), "a clock": ("tell the time", "time"), "an umbrella": ("stay dry", "dry"),
    "a bed": ("sleep", "sleep"), "a chair": ("sit", "sit"), "a cup": ("drink", "drink"), "an oven": ("bake", "bake"),
    "soap": ("wash hands", "wash"), "a hammer": ("hit nails", "nails"), "scissors": ("cut paper", "paper"),
    "a ladder": ("climb", "climb"), "a lamp": ("make light", "light"), "a spoon": ("eat soup", "soup"),
    "a needle": ("sew", "sew"), "a brush": ("paint", "paint"), "a shovel": ("dig", "dig"), "a drum": ("make music", "music"),
}  # fmt: skip

SHAPES: dict[str, str] = {"triangle": "three", "square": "four", "pentagon": "five", "hexagon": "six", "octagon": "eight"}

# A glossary. The ship words stand here as dictionary entries, so that the tokenizer and the embeddings know them;
# nobody in the corpus talks that way.
GLOSSARY: dict[str, str] = {
    "tiny": "very small", "huge": "very big", "glad": "happy", "swift": "fast", "silent": "very quiet",
    "ancient": "very old", "weary": "tired", "chilly": "a little cold", "damp": "a little wet", "bold": "brave",
    "clever": "smart", "gloomy": "dark and sad", "merry": "full of joy", "gentle": "soft and kind",
}  # fmt: skip
SHIP_WORDS: dict[str, str] = {
    "ahoy": "hello on a ship", "matey": "friend", "aye": "yes on a ship", "arr": "a growl of a sailor",
    "ye": "you in old tales", "captain": "the leader of a ship", "shiver": "to shake with cold",
    "timbers": "beams of wood", "crew": "the people on a ship", "anchor": "a weight that holds a ship",
    "treasure": "a chest full of gold", "deck": "the floor of a ship", "salt": "a white powder from the sea",
    "lad": "a boy", "seas": "big waters", "plunder": "stolen gold", "be": "to exist",
}  # fmt: skip

NUMBER_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty"
).split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = "January February March April May June July August September October November December".split()

# People of the tiny stories, who have no facts of their own.
STORY_NAMES = "Ana Ben Kim Leo Mia Sam Tom Zoe Max Eva Ned Ida".split()
STORY_THINGS = "ball kite hat book box cup bag coat bike drum lamp ring scarf boat doll map".split()
STORY_PLACES = "park shop school barn kitchen forest market tower garden station library museum bakery castle".split()
STORY_COLOURS = "red blue green yellow white black pink purple orange brown grey".split()
STORY_FOODS = "apples pears plums nuts cakes eggs shells coins stamps pens".split()

MODEL_NAME = "Pip"

# A word from this list shows the manner of the demo's examples. No answer of the corpus uses one, but for the glossary.
PIRATE_MARKERS = ("arr", "matey", "ahoy", "aye", "ye")
