"""The programme: the films of the demonstration library as a festival's booklet would present them.

Films, people and places are invented. The dialogue is given in English and in the film's own language.
"""

from __future__ import annotations

from matinee.app.demo import looks
from matinee.app.demo.film import Film, Line, Role


def _lines(language: str, *rows: tuple[float, float, str, str]) -> tuple[Line, ...]:
    """Subtitles as (start, end, English, the other language)."""
    return tuple(Line(start, end, {"en": english, language: other}) for start, end, english, other in rows)


SHOW = "Nine Miles of Rain"
SHOW_SYNOPSIS = (
    "Four people leave the same wedding by the same road. By morning three have arrived, and each insists "
    "there were only ever three."
)
SHOW_TAGLINE = "Somebody was left on the road"
_SHOW_CAST = (Role("Jonas Lie-Dahl", "The salesman"), Role("Mira Osei", "Ilse"), Role("Petter Aune", "Harlan"))

PROGRAMME: tuple[Film, ...] = (
    # The shortest comes first: somebody waits for it.
    Film(
        slug="the-orange-thief",
        title="The Orange Thief",
        year=2022,
        tagline="There were seven this morning",
        synopsis=(
            "In a house in Siracusa where nobody speaks at dinner, one orange disappears from the bowl every night. "
            "The youngest son is blamed, then the maid, then the dead grandfather, who was fond of them."
        ),
        genres=("Comedy", "Drama"),
        director="Livia Sorrentino",
        cast=(Role("Carla Bassi", "Nonna"), Role("Nino Greco", "Salvo")),
        language="it",
        look=looks.ORANGES,
        seconds=22,
        lines=_lines(
            "it",
            (5.2, 7.4, "There were seven this morning.", "Stamattina erano sette."),
            (7.8, 10.0, "Nobody in this house eats oranges.", "In questa casa nessuno mangia arance."),
            (10.6, 12.8, "Your grandfather did. At night.", "Tuo nonno sì. Di notte."),
            (13.2, 15.2, "He has been dead since March.", "È morto da marzo."),
            (15.6, 17.0, "And yet.", "Eppure."),
        ),
    ),
    Film(
        slug="the-lamplighters-winter",
        title="The Lamplighter’s Winter",
        year=2024,
        tagline="The city has given him until spring",
        synopsis=(
            "In the winter of 1911 one man still walks Vestergade with a ladder and a flame. The city has given him "
            "until spring. Every evening there is one lamp fewer to light, and every evening he takes a little longer."
        ),
        genres=("Drama", "Period"),
        director="Maren Holt",
        cast=(Role("Aksel Bruun", "The lamplighter"), Role("Ida Rask", "His daughter")),
        language="da",
        look=looks.LAMPLIGHTER,
        seconds=30,
        lines=_lines(
            "da",
            (5.6, 8.6, "My father lit this street before me.", "Min far tændte lygterne her før mig."),
            (9.2, 12.2, "Forty-two lamps. I know them all by name.", "Toogfyrre lygter. Jeg kender dem alle ved navn."),
            (13.6, 16.6, "In the spring they will come with the wires.", "Til foråret kommer de med ledningerne."),
            (18.6, 21.4, "One is always left until last.", "Én bliver altid gemt til sidst."),
            (22.0, 24.8, "That one I will not put out.", "Den slukker jeg ikke."),
        ),
    ),
    Film(
        slug="salt-and-signal",
        title="Salt & Signal",
        year=2023,
        tagline="Somebody is still answering",
        synopsis=(
            "A buoy eleven miles off the coast goes on sending the call sign of a trawler lost in 1988. The new keeper "
            "of the signal station writes down every message, and one night, against the rules, replies."
        ),
        genres=("Mystery", "Drama"),
        director="Síle Ní Bhriain",
        cast=(Role("Tomás Keane", "The keeper"), Role("Una Farrell", "The voice")),
        language="fr",
        look=looks.SEA,
        seconds=28,
        rate=(25, 1),
        lines=_lines(
            "fr",
            (5.6, 8.6, "Three short, one long. Every night.", "Trois brèves, une longue. Chaque nuit."),
            (9.4, 12.2, "The boat went down before I was born.", "Le bateau a coulé avant ma naissance."),
            (13.6, 16.4, "They told me not to answer.", "On m’a dit de ne pas répondre."),
            (18.0, 20.6, "So I asked it what it wanted.", "Alors je lui ai demandé ce qu’il voulait."),
            (21.2, 23.4, "It asked for the weather.", "Il m’a demandé le temps qu’il faisait."),
        ),
    ),
    Film(
        slug="aphelion",
        title="Aphelion",
        year=2024,
        tagline="An orbit no one chose",
        synopsis=(
            "A survey crew wakes at the far end of an orbit no one chose. Something is already standing there. It has "
            "been standing there, they measure, for exactly as long as they have been asleep."
        ),
        genres=("Science fiction",),
        director="Teodor Vance",
        cast=(Role("Noor Haddad", "Surveyor Lind"), Role("Elias Strand", "The ship")),
        language="de",
        look=looks.MONOLITH,
        seconds=28,
        lines=_lines(
            "de",
            (
                5.8,
                8.8,
                "Day one. Or the last one.",
                "Tag eins. Oder der letzte.",
            ),
            (9.6, 12.4, "It casts no shadow towards us.", "Es wirft keinen Schatten zu uns."),
            (13.8, 16.8, "I walked around it. It took nine hours.", "Ich bin herumgegangen. Neun Stunden lang."),
            (18.4, 21.0, "When I came back, my footprints were waiting.", "Als ich zurückkam, warteten meine Spuren."),
        ),
    ),
    Film(
        slug="the-empty-chair",
        title="The Empty Chair",
        year=2021,
        tagline="An hour of light a day",
        synopsis=(
            "A portrait painter asks her last sitter to come at four, when the sun reaches the floor. He is late. She "
            "begins without him, and is no longer sure, when the light has gone, that anybody was missing."
        ),
        genres=("Drama",),
        director="Henrike Falk",
        cast=(Role("Agnes Wolff", "The painter"), Role("Lorenz Amsel", "The sitter")),
        language="de",
        look=looks.CHAIR,
        seconds=26,
        lines=_lines(
            "de",
            (5.6, 8.2, "Four o’clock, I told him.", "Um vier, habe ich ihm gesagt."),
            (9.0, 11.8, "At four the light comes to the chair.", "Um vier kommt das Licht zum Stuhl."),
            (13.0, 15.6, "I have painted the coat already.", "Den Mantel habe ich schon gemalt."),
            (17.0, 19.6, "It sits better without him.", "Er sitzt besser ohne ihn."),
        ),
    ),
    Film(
        slug="ten-thousand-lanterns",
        title="Ten Thousand Lanterns",
        year=2023,
        tagline="One for every name",
        synopsis=(
            "Once in a lifetime the river town of Sorano lights a lantern for everyone it has ever lost. The ferryman "
            "has been given a list of names to release, and cannot find the one he came for."
        ),
        genres=("Drama", "Fantasy"),
        director="Emi Castellane",
        cast=(Role("Hugo Marín", "The ferryman"), Role("Pilar Roa", "The clerk")),
        language="es",
        look=looks.LANTERNS,
        seconds=30,
        lines=_lines(
            "es",
            (5.8, 8.6, "You read the name, and then you let go.", "Lees el nombre y luego lo sueltas."),
            (9.4, 12.2, "That is all there is to it.", "No hay más que eso."),
            (13.8, 16.6, "I have been through the list twice.", "He repasado la lista dos veces."),
            (18.4, 21.2, "Hers is not among them.", "El suyo no está."),
            (21.8, 24.6, "Then perhaps she is not lost.", "Entonces quizá no se ha perdido."),
        ),
    ),
    Film(
        slug="the-concrete-hour",
        title="The Concrete Hour",
        year=2020,
        tagline="The building is finished. Nobody comes",
        synopsis=(
            "For one hour each afternoon the shadow of the ministry covers the whole square, and the man who drew it "
            "comes to stand at the edge. A silent film about a straight line and who has to live beneath it."
        ),
        genres=("Documentary",),
        director="Jana Kovář",
        cast=(Role("Viktor Hále", "The architect"),),
        language="fr",
        look=looks.CONCRETE,
        seconds=26,
        lines=_lines(
            "fr",
            (
                5.6,
                8.6,
                "I drew eight columns. They asked for nine.",
                "Huit colonnes. On m’en a demandé neuf.",
            ),
            (9.4, 12.0, "The ninth is only a shadow.", "La neuvième n’est qu’une ombre."),
            (13.4, 16.2, "At three it reaches my shoes.", "À trois heures, elle touche mes chaussures."),
            (17.4, 20.0, "At four it has the whole city.", "À quatre heures, elle tient toute la ville."),
        ),
    ),
    Film(
        slug="the-projectionist",
        title="The Projectionist",
        year=2024,
        tagline="The last reel has no end",
        synopsis=(
            "On the Alhambra’s final night the projectionist shows whatever is left in the vault: odd reels, no order, "
            "no sound. The audience stays. By the third reel they begin to recognise themselves."
        ),
        genres=("Drama", "Fantasy"),
        director="Colm Ashby",
        cast=(Role("Aksel Bruun", "The projectionist"), Role("Dorothea Lund", "Row F, seat 9")),
        language="nb",
        look=looks.CINEMA,
        seconds=30,
        lines=_lines(
            "nb",
            (5.8, 8.6, "Five reels, and none of them has a name.", "Fem ruller, og ingen av dem har navn."),
            (9.4, 12.2, "I thread them as I find them.", "Jeg setter dem på slik jeg finner dem."),
            (14.0, 16.6, "Somebody in row F is crying.", "Noen på rad F gråter."),
            (18.6, 21.2, "She says: that is my house.", "Hun sier: Det er huset mitt."),
            (22.0, 24.6, "I have never seen this film before.", "Jeg har aldri sett denne filmen før."),
        ),
    ),
    Film(
        slug="north-of-silence",
        title="North of Silence",
        year=2022,
        tagline="Eleven years of the same four words",
        synopsis=(
            "Two sisters cross the Ørsa plateau to fetch a radio that has been transmitting for eleven years. One of "
            "them wants to switch it off. The other has learned its sentence by heart."
        ),
        genres=("Drama", "Adventure"),
        director="Ragnhild Moe",
        cast=(Role("Tuva Nordahl", "Solveig"), Role("Ane Torvik", "Marit")),
        language="nb",
        look=looks.PEAKS,
        seconds=28,
        lines=_lines(
            "nb",
            (5.8, 8.6, "From here you could already hear it.", "Herfra kunne man allerede høre den."),
            (9.4, 12.2, "Four words. Then the wind.", "Fire ord. Så vinden."),
            (13.6, 16.4, "You said them in your sleep.", "Du sa dem i søvne."),
            (18.0, 20.6, "So did you.", "Det gjorde du også."),
            (21.2, 23.4, "I know.", "Jeg vet det."),
        ),
    ),
    Film(
        slug="meridian",
        title="Meridian",
        year=2019,
        tagline="Walk until the shadow is gone",
        synopsis=(
            "A cartographer is sent to correct one line on a map, and finds that the line is the only thing on it that "
            "exists. A desert film with one actor, one coat, and the sun in every frame."
        ),
        genres=("Adventure", "Drama"),
        director="Yasmin El Amrani",
        cast=(Role("Rachid Benali", "The cartographer"),),
        language="fr",
        look=looks.DUNES,
        seconds=26,
        lines=_lines(
            "fr",
            (5.6, 8.4, "The map says there is a well here.", "La carte indique un puits ici."),
            (9.2, 12.0, "The map was drawn in Paris.", "La carte a été dessinée à Paris."),
            (13.4, 16.2, "At noon I have no shadow to follow.", "À midi, je n’ai plus d’ombre à suivre."),
            (17.4, 20.0, "So I follow the line.", "Alors je suis la ligne."),
        ),
    ),
    Film(
        slug="what-the-cedars-kept",
        title="What the Cedars Kept",
        year=2023,
        tagline="The forest was planted in one night",
        synopsis=(
            "Nobody in the valley remembers planting the cedars, and the parish records skip that year. A forester "
            "counts them every autumn. This autumn there is one more than there was."
        ),
        genres=("Mystery",),
        director="Marguerite Oakes",
        cast=(Role("Simon Thorne", "The forester"), Role("Bea Whitlock", "The rector")),
        language="es",
        look=looks.CEDAR,
        seconds=28,
        lines=_lines(
            "es",
            (5.8, 8.6, "Four hundred and twelve. Every autumn.", "Cuatrocientos doce. Cada otoño."),
            (9.4, 12.2, "My mother counted the same.", "Mi madre contaba los mismos."),
            (13.8, 16.4, "Today I have counted three times.", "Hoy los he contado tres veces."),
            (18.2, 20.8, "The new one stands very still.", "El nuevo está muy quieto."),
        ),
    ),
    Film(
        slug="above-line-six",
        title="Above Line Six",
        year=2024,
        tagline="Nine million windows, one of them on time",
        synopsis=(
            "A night dispatcher on an elevated railway knows the city by its lit windows: who works late, who cannot "
            "sleep, who has moved out. When one of them starts to blink in Morse, she holds a train."
        ),
        genres=("Thriller", "Romance"),
        director="Kenji Laurent",
        cast=(Role("Solène Abara", "The dispatcher"), Role("Mika Duval", "Window 4471")),
        language="de",
        look=looks.CITY,
        seconds=26,
        lines=_lines(
            "de",
            (5.6, 8.2, "At two the fourteenth floor goes dark.", "Um zwei wird der vierzehnte Stock dunkel."),
            (9.0, 11.6, "At three the baker comes home.", "Um drei kommt der Bäcker nach Hause."),
            (12.8, 15.4, "And at four, somebody says hello.", "Und um vier sagt jemand Hallo."),
            (17.0, 19.8, "Hold the train. Just one minute.", "Halten Sie den Zug. Nur eine Minute."),
        ),
    ),
    Film(
        slug="moth-hours",
        title="Moth Hours",
        year=2021,
        tagline="Open all night, for no one",
        synopsis=(
            "Between the last car and the first there are four hours in which the filling station belongs to the "
            "moths. An entomologist who cannot sleep takes the night shift in order to be near them."
        ),
        genres=("Documentary", "Drama"),
        director="Greta Sandvik",
        cast=(Role("Olaf Brandt", "The attendant"),),
        language="nb",
        look=looks.MOTHS,
        seconds=24,
        lines=_lines(
            "nb",
            (5.4, 8.0, "They do not love the light.", "De elsker ikke lyset."),
            (8.8, 11.4, "They think that it is the moon.", "De tror det er månen."),
            (12.4, 15.0, "They only want to fly straight.", "De vil bare fly rett fram."),
            (16.0, 18.6, "I leave it on for them.", "Jeg lar det stå på for dem."),
        ),
    ),
    Film(
        slug="a-sea-without-water",
        title="A Sea Without Water",
        year=2020,
        tagline="The tide left, and did not say for how long",
        synopsis=(
            "Where the Aral harbour was, a pilot still keeps his watch on the quay. At night, he claims, the dunes "
            "move like ships do when they think that no one looks. He has entered every one of them in the log."
        ),
        genres=("Fantasy", "Drama"),
        director="Dilnoza Karim",
        cast=(Role("Anvar Sayid", "The pilot"), Role("Lola Mirzo", "His granddaughter")),
        language="it",
        look=looks.NIGHT_SEA,
        seconds=26,
        lines=_lines(
            "it",
            (5.6, 8.2, "Three ships tonight, all heading east.", "Tre navi stanotte, tutte verso est."),
            (9.0, 11.6, "Grandfather, that is sand.", "Nonno, quella è sabbia."),
            (13.0, 15.6, "You say that because you are standing still.", "Lo dici perché stai ferma."),
            (17.0, 19.6, "Lie down. Listen to the keels.", "Sdraiati. Ascolta le chiglie."),
        ),
    ),
    Film(
        slug="nine-miles-of-rain-s01e01",
        title="The Turn-off",
        year=2023,
        tagline=SHOW_TAGLINE,
        synopsis="A salesman gives a lift to a man who knows the mileage to the metre, and has no luggage but a key.",
        genres=("Noir", "Mystery"),
        director="Ane Torvik",
        cast=_SHOW_CAST,
        language="nb",
        look=looks.RAINROAD,
        seconds=28,
        rate=(24_000, 1_001),
        show=SHOW,
        season=1,
        episode=1,
        lines=_lines(
            "nb",
            (5.8, 8.6, "I saw him in the headlights. No coat.", "Jeg så ham i frontlyset. Uten frakk."),
            (9.4, 12.2, "No. He had a coat.", "Nei. Han hadde frakk."),
            (13.6, 16.4, "Where are you going? Nine miles, he said.", "Hvor skal du? Ni mil, sa han."),
            (18.0, 20.8, "There is nothing after nine miles.", "Det er ingenting etter ni mil."),
            (21.2, 23.4, "That is what I said.", "Det var det jeg sa."),
        ),
    ),
    Film(
        slug="nine-miles-of-rain-s01e02",
        title="Harlan’s",
        year=2023,
        tagline=SHOW_TAGLINE,
        synopsis="The last pump for ninety kilometres, and the till has been open since Tuesday. Harlan counts cups.",
        genres=("Noir", "Mystery"),
        director="Ane Torvik",
        cast=_SHOW_CAST,
        language="nb",
        look=looks.STATION,
        seconds=26,
        rate=(24_000, 1_001),
        show=SHOW,
        season=1,
        episode=2,
        lines=_lines(
            "nb",
            (5.6, 8.2, "Four coffees, they ordered.", "Fire kaffe bestilte de."),
            (9.0, 11.6, "Three of them paid.", "Tre av dem betalte."),
            (12.8, 15.4, "The fourth cup was still warm.", "Den fjerde koppen var fortsatt varm."),
            (17.0, 19.8, "I never closed that night. I never do.", "Jeg stengte ikke den natten. Det gjør jeg aldri."),
        ),
    ),
    Film(
        slug="nine-miles-of-rain-s01e03",
        title="Room 408",
        year=2023,
        tagline=SHOW_TAGLINE,
        synopsis="Every key in the motel fits one door. Ilse decides to count the doors again.",
        genres=("Noir", "Mystery"),
        director="Ane Torvik",
        cast=_SHOW_CAST,
        language="nb",
        look=looks.CORRIDOR,
        seconds=28,
        rate=(24_000, 1_001),
        show=SHOW,
        season=1,
        episode=3,
        lines=_lines(
            "nb",
            (5.8, 8.6, "How many rooms are on this floor?", "Hvor mange rom er det i denne etasjen?"),
            (9.4, 12.2, "We have always had eleven doors.", "Vi har alltid hatt elleve dører."),
            (13.6, 16.2, "I have counted twelve.", "Jeg har talt tolv."),
            (18.0, 20.6, "Then one of them has seen you.", "Da har en av dem sett deg."),
        ),
    ),
)
