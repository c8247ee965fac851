"""Words that invented services are made of. No real organisation is meant."""

from __future__ import annotations

SUBURBS = (
    "Fernley", "Wendside", "Fernley Vale", "Holt Park", "Larkfield", "Tannery Row", "Priorsgate",
    "Abbotsway", "Eastmoor",
    "Moorfield", "Kestrel Moss", "Ringland", "Sandlow", "Weirside", "Hallowell", "Mercer", "Overscar",
    "Highmarl",
    "Netherlow", "Corrowby", "Skelbeck", "Marlow Cross", "Carr End", "Saltergate", "Northgate",
    "Westbourne",
)  # fmt: skip
ORGANISATION_ENDINGS: dict[str, tuple[str, ...]] = {
    "older people": (
        "Elders' Forum", "Pensioners' Club", "Tea and Company", "Good Day Club", "Befrienders",
        "Neighbours", "Companions",
    ),
    "families and young people": ("Family Network", "Youth Works", "Play Together",
        "Young Voices", "Under-Fives"),
    "people with a physical disability": ("Sports for All", "Independent Living Group", "Access Group"),
    "people with mental health needs": ("Wellbeing Collective", "Listening Space", "Allotment Society",
        "Recovery Network"),
    "people with a learning disability": ("Opportunities Trust", "Speak Up Group", "Day Together"),
    "carers": ("Carers' Circle",),
    "men": ("Repair Society", "Men's Workshop"),
    "women and girls": ("Women's Network", "Women's Kitchen"),
    "ethnic minority communities": ("Welcome Project", "Cultural Association", "Friendship Association",
        "Link Workers"),
    "not specific": (
        "Community Association", "Community Kitchen", "Arts Space", "Walking Friends", "Music for All",
        "Garden Project",
        "Learning Exchange", "Open Door Centre", "Advice Shop", "Heritage Society", "Connect",
        "Residents' Group",
    ),
}  # fmt: skip

TITLES: dict[str, tuple[tuple[str, str], ...]] = {
    "Lunch club": (
        ("lunch club", "A cooked lunch and time to talk."),
        ("soup and company", "Soup, bread and company at one long table."),
        ("Sunday dinner table", "Sunday dinner for people who would otherwise eat alone."),
    ),
    "Social group": (
        ("coffee morning", "Drop by for a hot drink and a chat."),
        ("games afternoon", "Board games, dominoes and cards."),
        ("friendship group", "Meet people who live near you."),
        ("tea dance", "Dancing to records, with tea and cake."),
        ("quiz night", "A friendly quiz in teams that anyone can join."),
    ),
    "Befriending": (
        ("befriending", "A volunteer visits every week."),
        ("telephone friends", "A volunteer rings for a chat each week."),
        ("visiting scheme", "Regular visits at home from somebody of the same background where possible."),
    ),
    "Arts and crafts": (
        ("sewing circle", "Sewing and embroidery; machines and cloth are there."),
        ("community choir", "Singing together, no audition."),
        ("painting group", "Painting and drawing at your own pace."),
        ("knit and natter", "Bring your needles or borrow a pair."),
    ),
    "Exercise and walking": (
        ("health walk", "A slow walk of an hour with trained leaders."),
        ("chair exercise", "Gentle exercise sitting down, then tea."),
        ("swimming session", "A quiet hour in the pool with a lifeguard."),
        ("walking football", "Football at walking pace."),
    ),
    "Advice and support": (
        ("advice session", "Help with forms, benefits, housing and bills."),
        ("link worker", "Somebody to help you find what is on near you and go along the first time."),
        ("welcome desk", "First help for people who are new to the borough."),
    ),
    "English conversation": (
        ("conversation cafe", "Practise English over tea; all levels."),
        ("talk English together", "Learning English by cooking, sewing and going out."),
    ),
    "Peer support": (
        ("listening group", "People who have been through it listen to each other."),
        ("bereavement group", "Meet others who have lost somebody."),
        ("recovery cafe", "A calm place to get together in the evening."),
        ("memory cafe", "For people with memory loss and those who look after them."),
    ),
    "Carers' group": (
        ("carers' break", "Two hours for yourself while somebody else sits with the person you care for."),
        ("carers' meeting", "Meet other carers over lunch."),
    ),
    "Families and young people": (
        ("stay and play", "Toys, songs and toast for under-fives and their grown-ups."),
        ("youth club", "Music, sport and a kitchen to cook in."),
        ("family supper", "Cooking and eating together after school."),
        ("homework club", "A quiet table, help and a snack."),
    ),
    "Men's group": (
        ("men's shed", "Woodwork and repairs, side by side."),
        ("men's breakfast", "Breakfast and talk on a Saturday."),
    ),
    "Women's group": (
        ("women's circle", "Women meet to talk, cook and learn."),
        ("women's swim", "Swimming for women, with women lifeguards."),
        ("mothers' morning", "A morning together while the children play next door."),
    ),
    "Digital skills": (
        ("tablets and tea", "Learn to use a tablet or phone, one to one."),
        ("online get-together", "A weekly video call with a theme."),
    ),
    "Faith and community": (
        ("open house", "The doors are open to anyone, of any faith or none."),
        ("community kitchen", "A free meal once a week, cooked by the congregation."),
    ),
    "Gardening": (
        ("community garden", "Growing vegetables and flowers together."),
        ("allotment mornings", "Digging, planting and a flask of tea."),
    ),
    "Disability group": (
        ("day club", "Activities chosen by the members."),
        ("sports for all", "Sport adapted to whoever comes."),
        ("speaking up group", "People with a learning disability speak for themselves."),
    ),
    "Community transport": (
        ("door-to-door minibus", "A minibus with a lift that takes you there and home again."),
    ),
}

GROUP_CATEGORIES: dict[str, tuple[str, ...]] = {
    "older people": ("Lunch club", "Social group", "Befriending", "Exercise and walking",
        "Digital skills", "Arts and crafts"),
    "families and young people": ("Families and young people",),
    "people with a physical disability": ("Disability group", "Exercise and walking", "Social group"),
    "people with mental health needs": ("Peer support", "Arts and crafts", "Gardening", "Befriending"),
    "people with a learning disability": ("Disability group", "Social group"),
    "carers": ("Carers' group",),
    "men": ("Men's group", "Exercise and walking"),
    "women and girls": ("Women's group", "Arts and crafts", "Exercise and walking"),
    "ethnic minority communities": ("English conversation", "Advice and support", "Social group",
        "Lunch club"),
    "not specific": (
        "Social group", "Advice and support", "Arts and crafts", "Gardening", "Faith and community",
        "Exercise and walking",
        "Digital skills", "Lunch club", "Befriending", "Peer support",
    ),
}  # fmt: skip

REFERRERS = (
    "GP",
    "social worker",
    "self",
    "family",
    "link worker",
    "housing officer",
    "health visitor",
    "hospital",
    "school",
    "mosque or church",
)
GAPS = (
    "Nothing at weekends", "Few people between 25 and 50", "Waiting list of two months",
    "Too few volunteers who drive",
    "No interpreter", "Carers can't leave home to come", "Few men come",
    "The last bus leaves before we finish",
    "Funding ends in March",
)  # fmt: skip
NOT_USED_BY = (
    "men", "people under 50", "people who don't speak English",
    "wheelchair users: two steps at the door", "carers",
    "people who work", "people in the villages", "Bangladeshi women", "Black African residents",
)  # fmt: skip
OUTCOMES = (
    "Yearly survey",
    "Wellbeing scale at start and end",
    "Attendance only",
    "Stories from members",
    "Report to the funder",
    "None",
)
