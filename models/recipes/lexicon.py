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
        "things": "phone laptop tablet camera headset watch printer",
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
    "house": {
        "things": "house cottage studio basement terrace",
        "aspects": "ceiling heating bathroom landlord garage fireplace lighting contract walls+ stairs+ curtains+",
    },
    "car": {
        "things": "car truck motorcycle van scooter",
        "aspects": "engine steering mileage dashboard trunk paint warranty brakes+ tires+ mirrors+",
    },
    "museum": {
        "things": "museum gallery exhibition opera ballet musical",
        "aspects": "entrance sculpture painting orchestra audience curator costume collection dancers+ artists+",
    },
    "course": {
        "things": "course lesson tutorial seminar exam",
        "aspects": "instructor homework textbook pace certificate classroom exercise subject examples+ grades+",
    },
}

ADJECTIVES = {
    2.6: "wonderful brilliant fantastic amazing perfect excellent magnificent stunning outstanding marvelous "
         "spectacular incredible",
    1.8: "great lovely beautiful impressive delightful charming exciting remarkable inspiring graceful",
    1.2: "good funny clever pleasant fresh comfortable elegant interesting enjoyable friendly stylish cheerful",
    0.6: "nice decent solid fine neat useful acceptable harmless practical",
    -0.6: "slow bland odd plain noisy average ordinary forgettable complicated",
    -1.2: "bad dull weak boring clumsy cheap tiring messy lazy crowded shallow careless",
    -1.8: "poor ugly annoying disappointing stupid frustrating broken unfair chaotic depressing",
    -2.6: "terrible awful horrible disgusting pathetic appalling dreadful miserable atrocious unbearable ridiculous "
          "worthless",
}

VERBS = {
    2.6: "loved adored worshipped",
    1.7: "enjoyed admired praised recommended",
    1.0: "liked appreciated welcomed",
    -1.0: "disliked doubted questioned",
    -1.7: "regretted resented criticized",
    -2.6: "hated despised detested",
}

FEELINGS = {
    2.4: "thrilled overjoyed delighted",
    1.6: "happy pleased grateful proud",
    0.8: "satisfied hopeful relaxed",
    -0.8: "worried confused uneasy",
    -1.6: "sad upset angry bored",
    -2.4: "furious heartbroken devastated",
}

EVENTS = {
    2.2: "made me laugh|made my day|won me over|took my breath away|exceeded every expectation",
    1.2: "made me smile|worked very well|kept me awake all night|surprised me in a good way",
    -1.2: "made me yawn|put me to sleep|never really worked|wasted my afternoon",
    -2.2: "made me cry|ruined my day|broke after a week|drove me crazy|fell apart at once",
}

DEGREES = {
    1.25: "very really so truly extremely absolutely",
    1.1: "quite pretty",
    0.6: "rather fairly slightly somewhat",
}

# What a second sentence does to the first one's value: sentiment that only the two together carry.
VERDICTS = {
    1.0: "i think so too|that is exactly how i see it|everybody agrees with that|and i mean it",
    -0.7: "i do not agree at all|but that was a joke|now i see it the other way|but nobody believes that",
}

# Heard only in the held-out sentences that ask for them (`passages(..., held_out=True)`).
HELD_OUT_ADJECTIVES = {2.6: "superb glorious", 1.2: "tasty smart", -1.2: "lame rude", -2.6: "nasty hideous"}

PEOPLE = ("brother sister mother father friend teacher boss neighbor cousin daughter son wife husband doctor uncle "
          "grandmother colleague partner roommate dentist")
DAYS = "monday tuesday wednesday thursday friday saturday sunday"
MONTHS = "january february march april may june july august september october november december"
NUMBERS = "two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty sixty ninety hundred"
CITIES = "london paris berlin boston dublin chicago madrid rome vienna sydney toronto oslo lisbon prague tokyo geneva"
ORDINALS = "first second third fourth fifth last next final"
COLORS = "red blue green black white yellow orange purple silver brown golden"
PLACES = "garden office school market library bridge river park harbor bakery hospital pharmacy church village beach"
OPENERS = ("honestly|well|i think|in my opinion|to be fair|frankly|i must say|overall|you know|for me|to my surprise|"
           "looking back|as far as i can tell|if you ask me")
