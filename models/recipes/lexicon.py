"""The words of the demo corpus: what can be talked about, and how strongly it is judged.

Values are valences in [-3, 3] before degree words, negation and "but" act on them (see corpus.py).
Plural things carry `+` so that verbs agree.
"""

DOMAINS = {
    "film": {
        "things": "film movie show series documentary sequel",
        "aspects": "story ending plot acting music cast dialogue director script trailer jokes+ actors+ effects+",
    },
    "phone": {
        "things": "phone laptop tablet camera headset watch",
        "aspects": "battery screen speaker keyboard design price sound software charger menu buttons+ colors+",
    },
    "hotel": {
        "things": "hotel room apartment cabin hostel resort",
        "aspects": "bed pool view breakfast lobby location shower balcony carpet staff towels+ windows+",
    },
    "meeting": {
        "things": "meeting talk workshop lecture presentation interview",
        "aspects": "agenda discussion topic schedule feedback coffee question summary slides+ answers+",
    },
    "food": {
        "things": "soup pizza cake salad burger curry dinner lunch",
        "aspects": "sauce bread taste dessert service waiter kitchen portion flavor noodles+ vegetables+ drinks+",
    },
    "travel": {
        "things": "flight train trip journey bus ferry cruise",
        "aspects": "driver crew ticket station airport weather guide luggage seats+ views+",
    },
    "book": {
        "things": "book novel chapter poem magazine article",
        "aspects": "author cover style beginning language hero mystery message characters+ pictures+",
    },
    "game": {
        "things": "game match race tournament contest",
        "aspects": "team coach stadium score crowd referee captain defense fans+ players+",
    },
    "music": {
        "things": "song concert album festival band",
        "aspects": "singer melody rhythm guitar voice chorus stage piano lyrics+ drums+",
    },
    "shop": {
        "things": "jacket sofa lamp bicycle backpack jumper",
        "aspects": "fabric delivery size color package quality zipper shape wheels+ pockets+",
    },
}

ADJECTIVES = {
    2.6: "wonderful brilliant fantastic amazing perfect excellent magnificent stunning outstanding",
    1.8: "great lovely beautiful impressive delightful charming exciting",
    1.2: "good funny clever pleasant fresh comfortable elegant interesting",
    0.6: "nice decent solid fine neat useful",
    -0.6: "slow bland odd plain noisy average",
    -1.2: "bad dull weak boring clumsy cheap tiring messy",
    -1.8: "poor ugly annoying disappointing stupid frustrating broken",
    -2.6: "terrible awful horrible disgusting pathetic appalling dreadful miserable",
}

VERBS = {
    2.6: "loved adored",
    1.7: "enjoyed admired praised",
    1.0: "liked appreciated",
    -1.0: "disliked doubted",
    -1.7: "regretted resented",
    -2.6: "hated despised",
}

FEELINGS = {
    2.4: "thrilled overjoyed",
    1.6: "happy pleased grateful",
    0.8: "satisfied hopeful",
    -0.8: "worried confused",
    -1.6: "sad upset angry",
    -2.4: "furious heartbroken",
}

EVENTS = {
    2.2: "made me laugh|made my day|won me over|took my breath away",
    1.2: "made me smile|worked very well|kept me awake all night",
    -1.2: "made me yawn|put me to sleep|never really worked",
    -2.2: "made me cry|ruined my day|broke after a week|drove me crazy",
}

DEGREES = {
    1.25: "very really so truly extremely",
    1.1: "quite pretty",
    0.6: "rather fairly slightly",
}

# Heard only in the held-out sentences that ask for them (`sentences(..., held_out=True)`).
HELD_OUT_ADJECTIVES = {2.6: "superb glorious", 1.2: "tasty smart", -1.2: "lame rude", -2.6: "nasty hideous"}

PEOPLE = "brother sister mother father friend teacher boss neighbor cousin daughter son wife husband doctor"
DAYS = "monday tuesday wednesday thursday friday saturday sunday"
MONTHS = "january march april june july august october december"
NUMBERS = "two three four five six seven eight nine ten twelve twenty thirty fifty"
CITIES = "london paris berlin boston dublin chicago madrid rome"
ORDINALS = "first second third fourth fifth"
COLORS = "red blue green black white yellow"
PLACES = "garden office school market library bridge river park"
OPENERS = "honestly|well|i think|in my opinion|to be fair|frankly|i must say|overall|you know|for me"
