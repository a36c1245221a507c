"""Closed-class words of 25 languages: they shape a question, say nothing of its subject, and tell its language.

Folded, as :mod:`kb.analysis` folds a word before it is stemmed. Those of English are there. Found by counting: the most
frequent words of parallel sentences that stand, most of the time, where the English side has a function word (IBM
Model 1); then read through. The lists are short on purpose: a word that is missing is looked up in vain, a word too
many is never looked up.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_WORDS = {
    "bg": """
        аз ако без беше бъдат бъде в вашата вашия вече ви вие все всеки всички всичко ги го да други е един за
        защо защото и или има как какви какво като когато които колко която към ли ме ми много може можете моля
        му на не нещо ни ние никога нищо но някои няма от още повече преди при с са само се сега си след сте
        съм тази твърде те тези ти това този тои толкова трябва тук тя че чрез ще я
    """,
    "cs": """
        a aby ale bez bude budete by bych byl byly byt co dalsi do ho i jak jaka jake jako jaky je jeho jej
        jejich jen jeste jestli ji jiz jsem jsi jsme jsou jste k kazdy kde kdo kdyz ktera ktere ktery ma mam
        mate me mel mi mit mohou musi muze muzete na nam nas nebo neco nejsou nektere nelze neni nez nic nikdy
        o od po pokud pouze pri prilis pro proc prosim proti protoze s se si sve svuj tak take tam tato tento
        teto ti to tohoto toto tuto u uz v vam vas vase vasi ve vice vsechny z zadne zde ze
    """,
    "da": """
        af aldrig alle allerede andre at blev blevet blive de dem den denne der deres det dette dig din dine
        disse dit du efter eller en end endnu er et flere for fordi fra før gøre ham han hans har havde hende
        her hun hvad hvem hver hvilke hvilken hvis hvor hvordan hvorfor i igen ikke inden ingen jeg kan kun
        kunne mange med meget mellem men mere mig min mit mod nar nogen noget nogle nu og ogsa om os pa sa
        samme selv sig sin sine sit skal som til uden under var ved venligst vi vil ville vores være
    """,
    "de": """
        aber alle alles als am andere anderen auch auf aus bei bin bis bist bitte da das dass dein deine dem
        den der des dich die diese diesem diesen dieser dieses dir doch du durch ein eine einem einen einer
        eines einige er es etwas fur gegen gibt habe haben hast hat hatte hier ich ihm ihn ihr ihre ihrem ihren
        im immer in ist jetzt kann kannst kein keine konnen konnte mehr mein meine mich mir mit muss nach nicht
        nichts nie noch nun nur ob oder ohne schon sehr sein seine seinen sich sie sind so soll sollte tun uber
        um und uns unsere viel viele von vor war warum was weil welche welcher welches wenn wer werde werden
        wie wir wird wo wurde wurden zu zum zur
    """,
    "el": """
        ακομα ακομη αλλα αν απο αυτα αυτεσ αυτη αυτην αυτο αυτοσ για γιατι δε δεν εαν εδω ειμαι ειναι εισαι
        ειστε ενα εναν επισησ εχει εχεισ εχετε εχουν εχω η ηδη ηταν θα καθε και κατα κατι μασ με μεσω μετα μην
        μια μονο μου μπορει μπορειτε μπορουν μπορω να ξανα οι ολα ολεσ οπωσ οταν παρακαλω περισσοτερα πιο ποιοσ
        πολυ ποτε που πρεπει πριν πωσ σασ σε σου στα στη στην στισ στο σχετικα την τησ τι το τον του τουσ των
        τωρα υπαρχει υπαρχουν υπηρξε χωρισ ωσ
    """,
    "es": """
        a ahora al algo alguien antes aqui aun bien cada como con contra cual cuales cuando de del demasiado
        desde despues donde e el ella ellos en entre era eres es esa ese eso esta estaba estan estas este esto
        estos estoy favor fue ha hacer has hasta hay he la las le les lo los mas me mi mis mismo muy nada nadie
        ni no nos nunca o os para pero por porque puede pueden puedes puedo que quien se segun ser si sido
        siempre sin sobre solo son soy su sus tambien tan te tengo tiene tienes todas todavia todo todos tu tus
        u un una uno vez y ya yo
    """,
    "et": """
        ainult ei enne et ilma ja jaoks juba ka kas kes koik koiki kui kuid kuna kus liiga ma me meie mida minu
        mis muu muud nad nagu need neid nende ning nuud ole oled olema oli olla oma on parast peab pole poolt
        rohkem sa saa saab saad seda see selle selles siin siis sinu sul ta teie tema uhe uhtegi uks vaid veel
        voi voib
    """,
    "fi": """
        aina ala ei emme en enemman ennen et etta han hanen he hyvin ilman ja jalkeen jo joka jos jotka kaikki
        kanssa koska koskaan kuin kuinka kun kuten liian me meidan mika miksi mina minua minulla minulle minun
        missa mita mitaan miten monta mutta myos nama ne niin nyt ole olemme olen olet oletko oli olla ollut on
        onko ovat pitaisi se seka sen siita sina sinua sinulla sinulle sinun sita taalla tahan tahansa tai tama
        taman tassa tasta tata taytyy tehda todella ulos usein vain viela voi voit voivat yksi
    """,
    "fr": """
        a apres as au aussi autre aux avant avec avez avons c ca ce cela ces cest cette chaque chez chose comme
        comment d dans de deja des du elle elles en encore entre es est et etait ete etes etre faire ici il ils
        j jai jamais je l la le les leur leurs lorsqu lorsque lui m ma maintenant mais me meme mes moi mon n na
        nai ne nest notre nous ny ou par pas peut peux plait plus pour pourquoi pouvez qu quand que quel quelle
        quelles quelque quels qui quil rien s sa sans sera ses si sil sommes son sont sous suis sur te toi ton
        toujours tous tout toutes tres trop tu un une vers veuillez vos votre vous y
    """,
    "ga": """
        a ach ag agat agus amhain an anois anseo aon ar beidh bhfuil bhi bith ce ceann cheana de do e eile eis
        feidir fein fheidir fos gach go haghaidh i is le leat liom ma mar me mo mor na nach ni nil nior niorbh
        no nuair o on sa se seo siad sin ta tar tu
    """,
    "hr": """
        ako ali bez bi bilo biti ce da ga gdje i ih ili ima imate iz između je jedan jos kada kako kao kod koja
        koje koji kojih kojoj li mogu mora mozda moze mozete na nakon ne nema nije od ovaj ovo ovu po poput
        prije protiv s sam samo se ste sto su sve svoj svoje svoju tako to u vas vase vec vise za zatim
    """,
    "hu": """
        a akkor alatt amikor amit az azt csak de ebben egy egyes egyetlen egyik elott en es ez ezek ezt fog ha
        hat hogy hogyan hol igy is itt jol kell kerjuk lehet lesz majd mar mas masik meg mert mi miert milyen
        minden mindig mint mit most nagyon ne nehany neked nekem neki nelkul nem nincs nincsenek o oket olyan
        on osszes ot ott sajat sem semmit senki soha sok te tobb tobbet tovabbi tul ujra utan vagy vagyok van
        vannak vele volna volt
    """,
    "is": """
        a af aftur alla allt an að aðeins aður ef eg eigin einnig eins einungis ekkert ekki en engar engin enn
        ennþa er ert eru eða fra fyrir getur hann hans hefur her honum hun hvað hver hvernig hægt i meira mer
        með mig minn mjog mun neðan nu nuna of oft og okkar okkur oll ollum oðrum sama sem svo svona til um var
        vel vera verið verður vinsamlegast við voru þau það þegar þeir þeirra þessa þessari þessi þetta þin
        þina þinn þinum þitt þu
    """,
    "it": """
        a abbiamo agli ai al all alla alle altri anche ancora ce che chi ci come con cosa cosi da dai dal dalla
        degli dei del dell della delle deve di dopo dove e era essere favore fra gia gli ha hai ho il in io l
        la lei li lo loro lui ma mai me mi mia mio molto negli nei nel nell nella nelle noi non o ogni ora per
        perche piu posso possono potrebbe puo puoi qualcosa quale quali quando questa queste questi questo qui
        sara se sei sempre senza si siamo solo sono stata stato su sua sui sul sulla suo te ti tra troppo tu
        tua tuo tuoi tutte tutti tutto un una uno voi
    """,
    "lt": """
        apie ar arba as be bet bus buti buvo cia dabar dar daug daugiau gali galite i iki ir is ja jau jei ji
        jie jis jo jokiu jos ju jums jus jusu ka kad kai kaip kas kita kodel kuri kurie labai man mano mes musu
        ne negali nei nera nes nuo pagal pat per po prie pries savo si sia sio sios sis su ta taciau tai tavo
        tik tu turi viena vienas visi visus yra
    """,
    "lv": """
        ar ari bet bez bus but citi citu es esat ir ja jau jo jums jus jusu ka kad kas kura lai lidz ludzu man
        mes nav neka nevar no par pec pie pirms sai saja savu seit si sis so ta tas tika tikai tiks to tu un uz
        vai vairak var varat varetu vel viena viens vienu vins vinu visas visi
    """,
    "mt": """
        biex biss bħala dan dawn din ebda fil fuq għal għall għandu hemm hija huma huwa ieħor il jekk jew
        jistgħu jogħgbok kien kollha kull l li ma meta mhuwiex minn oħra oħrajn se ta tagħhom tal tiegħek
        tiegħu tista u wara wieħed ħafna
    """,
    "nl": """
        al alle alleen alles als altijd andere ben bent bij dan dat de der des deze die dit doen door een en er
        geen haar had heb hebben hebt heeft hem het hier hij hoe hoeveel hun iemand iets ik in is je jij jouw
        jullie kan kunnen kunt maar me meer met mij mijn moet moeten na naar niet nog nooit nu of om omdat ons
        onze ooit ook op over te tegen tot tussen u uit uw van veel via voor voordat waar waarom wanneer waren
        was wat we welke wie worden zal ze zij zijn zo zoals zonder zou
    """,
    "no": """
        a aldri alle allerede alltid andre av bare bli blitt bør de deg dem den denne deres det dette din dine
        disse ditt du eller en enn er et etter for fordi fra før gjennom gjøre hadde ham han hans har her hun
        hva hvem hver hvilke hvilken hvis hvor hvordan hvorfor i ikke ingen jeg kan kun kunne la ma mange med
        meg mellom men mer min mot mye na nar noe noen og ogsa om oss pa sa samme seg selv sin sine sitt som
        til under uten var ved veldig vennligst vi vil ville være
    """,
    "pl": """
        aby albo ale bardzo beda bedzie bez byc był ci cie ciebie co cos czego czy czym dla dlaczego dlatego do
        gdy gdzie go i ich inne innych ja jak jako je jego jej jesli jest jestem jestes jeszcze juz kazdy kiedy
        kto ktora ktore ktory ktorych lecz lub ma mam masz mi mnie moga moge moj moze mozesz mozna musi musisz
        na nad nic nie nigdy niz o od on ona oraz po pod poniewaz prosze przed przez sa sie swoj swoje ta takze
        tam te tego tej ten teraz to tu tutaj twoj twoja twoje tylko tym u w we wiecej wiele wszystkich
        wszystkie wszystko z zadnych zawsze zbyt ze zostanie zostało zrobic
    """,
    "pt": """
        a agora ainda algumas antes ao aos apenas aqui as ate cada com como da das de deve do dos e ela ele
        eles em entao entre era esta estao estava este estou eu favor fazer foi foram gosto ha isso ja la lhe
        lo mais mas me mesmo meu minha muito na nada nao nas no nos novamente num numa o onde os ou outras
        outros para pela pelas pelo pelos pode podem por porque quais qual qualquer quando que quem sao se sem
        sempre ser sera seu seus so sobre sou sua suas tambem tem tenho ter todas todos um uma vai voce voces
        vou
    """,
    "ro": """
        a aceasta acest aceste acum ai aici al ale alte am ar are asta au ca cand care ce cu cum daca dar de
        decat deja despre din doar dumneavoastra dupa ea ei el este esti exista fara fi fie fiecare foarte fost
        in inainte inca intre l la lor lui ma mai mea meu mi mult multe ne nu o orice pe pentru poate pot poti
        prea prin putut rugam sa sau si sub sunt ta tau te ti tine toate toti trebui trebuie un unde unei unui
        va vor
    """,
    "sk": """
        a aby aj ak aka ake ako aky ale alebo bez bol bola boli bude by byt ci co dalsie do ho iba ich ine je
        jeho ked ktora ktore ktory len moze mozete mozu musi na nie od po pre pred pretoze prosim proti s sa
        sme ste su svoj svoje tato tejto tento tieto to tohto toto tu tuto u uz v vam vas vase viac vsetky
        vsetkych z zatial ziadne
    """,
    "sl": """
        ali bi bil bila bilo biti bo bodo boste brez ce da druge ga ima imate in iz je jih jo kaj kako katera
        kateri ker ki ko kot lahko le med mogoce mora morda na ne nekaj ni od pri proti s samo se so som ste
        svoj svoje ta tako te tega tem to tudi v vam vas vase vec vedno vendar vse vseh z za zato ze
    """,
    "sv": """
        aldrig alla an annan ar att av bara dar de dem den denna deras dess dessa det detta dig din dina ditt
        du efter eftersom eller en endast ett for fran genom gora hade han har hon honom hur i igen inga ingen
        innan inte jag kan kommer kunde manga maste med mellan men mer mig min mitt mot mycket nagon nagot
        nagra nar ni nu och ocksa om oss pa redan sa samma sedan sig sin sina sitt skulle som till under utan
        vad var vara varfor varje vem vi via vid vilka vilken vissa
    """,
}

#: By language (BCP 47 primary subtag).
FUNCTION_WORDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {language: frozenset(words.split()) for language, words in _WORDS.items()}
)
