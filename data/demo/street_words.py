"""Words for street names, by theme. Any likeness to a real street is chance."""

from __future__ import annotations

_WORDS = {
    "surnames": """
        Alder Allerton Anstey Arkwell Ashdown Astbury Atherby Bagley Bancroft Barlow Barrowby
        Beckwith Bellamy Bentham Birkett Blakeway Bolland Booth Bradwell Bramhope Brearley Briggs
        Broadley Brooke Burnell Calverd Carding Carrick Catterby Chadwick Clegg Clough Cobden Colley
        Corbridge Cragg Crossley Crowther Cunliffe Dalby Darnley Dawson Denby Dewhirst Dobson
        Duckworth Earnshaw Eastwood Eccles Ellison Emmott Fairbank Farrar Fawcett Fielding Firth
        Foster Garside Gaunt Gledhill Goodall Greenhalgh Grimshaw Hague Haigh Halstead Hanson
        Hargreave Hartley Haworth Helm Hesketh Hinchcliffe Hirst Holroyd Horsfall Howarth Hoyle
        Illingworth Ingham Jagger Jepson Kaye Kenyon Kershaw Lister Littlewood Lockyer Lomax Lumb
        Marsden Mellor Metcalfe Midgley Milner Moorhouse Murgatroyd Naylor Nuttall Ogden Ormerod
        Parkin Pickles Pilling Platt Priestley Ramsden Rawnsley Rishworth Roebuck Rushworth
        Schofield Shackleton Sharples Shaw Sowden Stansfield Sutcliffe Sugden Sykes Tattersall
        Thackray Thwaite Tordoff Turton Uttley Varley Wadsworth Walmsley Waring Whitaker Whitworth
        Wigglesworth Wormald
    """,
    "victorian": """
        Adelaide Agnes Albany Albert Albion Alexandra Alfred Alma Amelia Argyle Arthur Balaclava
        Balmoral Bath Beaumont Bright Brunswick Caledonia Cambridge Caroline Cavendish Charles
        Clarence Clarendon Clifton Commercial Cromwell Devonshire Duke Durham Edith Edmund Edward
        Eleanor Elgin Emily Ernest Ethel Exmouth Florence Foundry Frances Franklin Frederick Garnet
        Gas George Gladstone Gordon Grafton Granville Grosvenor Hanover Harriet Havelock Henry
        Herbert Hope Howard Hudson Inkerman James John Joseph Jubilee Kensington Kitchener Leopold
        Lincoln Livingstone Lorne Louisa Lucknow Ludlow Lyndhurst Maria Marlborough Melbourne Mill
        Milton Minerva Moss Napier Nelson Nile Norfolk Oak Osborne Oxford Palmerston Paradise Peel
        Percy Perseverance Portland Princess Prospect Providence Quarry Queen Raglan Regent Richmond
        Roscoe Rosebery Rutland Salisbury Sebastopol Spencer Spring Stanhope Stanley Suffolk Sultan
        Sussex Talbot Tennyson Trafalgar Tudor Unity Vernon Victor Villa Vincent Vulcan Walpole
        Waverley Wellington Wharncliffe William Windsor Wolseley York Zetland
    """,
    "trees": """
        Acacia Alder Almond Ash Aspen Beech Birch Blackthorn Bramble Briar Broom Cedar Cherry
        Chestnut Cypress Elder Elm Fern Fir Hawthorn Hazel Heather Hemlock Holly Hornbeam Ivy
        Juniper Laburnum Larch Laurel Lilac Lime Linden Maple Medlar Mulberry Myrtle Oakfield Olive
        Pine Plane Poplar Privet Quince Rowan Sorrel Sycamore Tamarisk Thorn Walnut Willow Woodbine
        Yew Ashfield Beechwood Broomfield Cherryfield Elmwood Fernbank Fairfield Glenfield Greenway
        Highfield Hillcrest Hollybank Kingsfield Lakefield Limefield Longfield Meadowbank Moorside
        Northfield Oakbank Parkfield Ridgeway Rosebank Southfield Springbank Sunnybank Westfield
        Whitefield Woodside Thornfield Brackenbank Copley Delph Edgefield
    """,
    "birds": """
        Avocet Bittern Blackbird Bullfinch Bunting Buzzard Chaffinch Coot Cormorant Crake Curlew
        Dabchick Dipper Dotterel Dove Dunlin Dunnock Eider Falcon Fieldfare Firecrest Fulmar Gannet
        Goldcrest Goldeneye Goldfinch Goosander Grebe Greenfinch Guillemot Harrier Hawfinch Heron
        Hobby Jackdaw Jay Kestrel Kingfisher Kite Kittiwake Knot Lapwing Lark Linnet Magpie Mallard
        Martin Merlin Moorhen Nightingale Nightjar Nuthatch Oriole Osprey Ouzel Partridge Peewit
        Peregrine Petrel Phalarope Pintail Pipit Plover Pochard Ptarmigan Quail Redpoll Redshank
        Redstart Redwing Robin Rook Ruff Sanderling Sandpiper Serin Shearwater Shelduck Shoveler
        Shrike Siskin Skylark Snipe Sparrow Starling Stonechat Stork Swallow Swan Swift Tanager Teal
        Tern Thrush Titmouse Turnstone Twite Wagtail Warbler Waxwing Wheatear Whimbrel Whinchat
        Whitethroat Widgeon Woodcock Woodlark Wren Wryneck Yellowhammer
    """,
    "lakes": """
        Ambler Arkle Barden Bleaberry Blea Brantdale Burbage Carsdale Cawdale Coppermere Crummock
        Dovemere Dunmail Eelmere Elterdale Ennermere Eskmere Fairmere Farndale Glaramere Grassdale
        Greenmere Grisedale Hartmere Haystack Helvedale Hindmere Kentmere Kirkdale Langmere
        Levendale Lingmell Lorton Loweswell Mardale Martmere Mosedale Newlands Patterdale Pikemere
        Raydale Redmere Riggmere Rothdale Rydale Scandale Seathwell Silverhow Skelwith Staveley
        Stickle Swindale Tarnmere Thirlmoor Torver Troutdale Ullsmere Wansdale Wastmere Watendlath
        Whinlatter Winsterdale Wrynose Yewdale
    """,
    "writers": """
        Addison Arden Arnold Austen Barrie Beaton Bennett Blake Bronte Browning Bunyan Burney Byron
        Carlyle Carroll Chaucer Clare Coleridge Conrad Cowper Crabbe Defoe Dickens Donne Drayton
        Dryden Eliot Evelyn Fielden Forster Galsworthy Gaskell Gissing Goldsmith Graves Gray Hardy
        Hazlitt Herrick Hood Hopkins Housman Hughes Hunt Johnson Jonson Keats Kingsley Kipling Lamb
        Lawrence Lovelace Macaulay Marlowe Marvell Masefield Meredith Morris Orwell Owen Patmore
        Pepys Pope Prior Ruskin Scott Shelley Sheridan Sidney Southey Spenser Sterne Stevenson
        Surrey Swinburne Thackeray Thomas Trollope Vaughan Wallis Walton Webster Wells Wilde Woolf
        Wordsworth Wyatt Yeats
    """,
    "country": """
        Back Bank Barn Beck Bent Birk Black Bottom Brow Carr Chapel Church Clay Clough Cold Crag
        Croft Dale Dean Edge Far Fell Ford Gill Glen Green Hagg Hall Heath Height High Hollin Holm
        Hurst Intake Kiln Knoll Laithe Ling Long Low Marl Mill Mire Moor Nab Nether Over Park
        Pasture Peat Pinfold Pool Quarry Raven Ridge Rigg Rough Royd Scar School Sheep Shaw Slack
        Smithy Spout Spring Stack Stone Syke Tenter Thorn Top Turf Well West Whin White Wind Wood
    """,
    "centre": """
        Bridge Butter Castle Chapel Cheap Cloth Corn Cross Dyers Fish Fuller Glover Guild Hide Horse
        Iron Kirk Lamb Leather Market Meal Merchant Minster Moot New Old Penny Pepper Pinfold Priory
        Saddler Salter Sheep Silver Skinner Spice Swan Tallow Tanner Tenter Town Vine Wake Weaver
        Well White Wool
    """,
}


def words(theme: str) -> list[str]:
    """Return a theme's words, a fresh list."""
    return _WORDS[theme].split()
