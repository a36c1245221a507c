"""Closed-class words of 25 languages: they shape a question, say nothing of its subject, and tell its language.

Folded, as :mod:`kb.text.analysis` folds a word before it is stemmed. Those of English are there. Found by counting:
the most frequent words of parallel sentences that stand, most of the time, where the English side has a function word
(IBM Model 1); then read through. The lists are short on purpose: a word that is missing is looked up in vain, a word
too many is never looked up.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_WORDS = {
    "bg": """
        аз ако без беше бъдат бъде в вашата вашия вече ви вие все всеки всички всичко ги го да други е един
        за защо защото и или има как какви какво като кога когато кои които колко която къде към ли ме ми
        много може можете моля му на не нещо ни ние никога нищо но някои няма от още повече преди при с са
        само се сега си след сте съм тази твърде те тези ти това този тои толкова трябва тук тя че чрез ще я
    """,
    "cs": """
        a aby ale bez bude budete by bych byl byly byt co dalsi do ho i jak jaka jake jako jaky je jeho jej
        jejich jen jeste jestli ji jiz jsem jsi jsme jsou jste k kazdy kde kdo kdy kdyz ktera ktere ktery ma
        mam mate me mel mi mit mohou musi muze muzete na nam nas nebo neco nejsou nektere nelze neni nez nic
        nikdy o od po pokud pouze pri prilis pro proc prosim proti protoze s se si sve svuj tak take tam
        tato tento teto ti to tohoto toto tuto u uz v vam vas vase vasi ve vice vsechny z zadne zde ze
    """,
    "da": """
        af aldrig alle allerede andre at blev blevet blive de dem den denne der deres det dette dig din dine
        disse dit du efter eller en end endnu er et flere for fordi fra før gøre ham han hans har havde
        hende her hun hvad hvem hver hvilke hvilken hvis hvor hvordan hvorfor hvornar i igen ikke inden
        ingen jeg kan kun kunne mange med meget mellem men mere mig min mit mod nar nogen noget nogle nu og
        ogsa om os pa sa samme selv sig sin sine sit skal som til uden under var ved venligst vi vil ville
        vores være
    """,
    "de": """
        aber alle alles als am andere anderen andern ans auch auf aus bei beim bin bis bist bitte da dabei
        damit dann daran darauf darf darin darum das dass davon dazu dein deine deinem deinen deiner dem den
        denen denn der deren des dessen dich die diese diesem diesen dieser dieses dir doch du durch durfen
        ein eine einem einen einer eines einige er es etwa etwas euch euer fur gegen gibt habe haben hast
        hat hatte hatten hier ich ihm ihn ihnen ihr ihre ihrem ihren ihrer ihres im immer in ins ist je jede
        jedem jeden jeder jedes jetzt kann kannst kein keine keinen keiner konnen konnte manche mehr mein
        meine meinem meinen meiner mich mir mit mochte mochten muss mussen musst nach nicht nichts nie noch
        nun nur ob oder ohne schon sehr sein seine seinem seinen seiner seines sich sie sind so soll sollen
        sollte sollten tun uber um und uns unsere unserem unseren unserer viel viele vom von vor wahrend
        wann war ware waren warum was weil welche welcher welches wem wen wenn wer werde werden wie wieder
        wir wird wo wobei wofur wollen womit worauf wurde wurden zu zum zur zwischen
    """,
    "el": """
        ακομα ακομη αλλα αν απο αυτα αυτεσ αυτη αυτην αυτο αυτοσ για γιατι δε δεν εαν εδω ειμαι ειναι εισαι
        ειστε ενα εναν επισησ εχει εχεισ εχετε εχουν εχω η ηδη ηταν θα καθε και κατα κατι μασ με μεσω μετα μην
        μια μονο μου μπορει μπορειτε μπορουν μπορω να ξανα οι ολα ολεσ οπωσ οταν παρακαλω περισσοτερα πιο ποιοσ
        πολυ ποτε που πρεπει πριν πωσ σασ σε σου στα στη στην στισ στο σχετικα την τησ τι το τον του τουσ των
        τωρα υπαρχει υπαρχουν υπηρξε χωρισ ωσ
    """,
    "es": """
        a ahora al algo alguien antes aquel aquella aqui aun aunque bien cada como con contra cual cuales
        cualquier cuando cuanta cuanto cuantos cuyo de debe deben debo del demasiado desde despues donde durante
        e el ella ellos en entre era eres es esa esas ese eso esos esta estaba estan estas este esto estos estoy
        favor fue ha hacer han has hasta hay he hemos la las le les lo los mas me mediante mi mientras mis mismo
        muy nada nadie ni no nos nuestra nuestro nunca o os otra otras otro otros para pero podemos podria por
        porque puede pueden puedes puedo que quien quienes se sea sean segun ser si sido siempre sin sobre solo
        son soy su sus tambien tan te tenemos tengo tiene tienen tienes todas todavia todo todos tu tus u un una
        unas uno unos vez vuestra y ya yo
    """,
    "et": """
        ainult ei enne et ilma ja jaoks juba ka kas kes koik koiki kui kuid kuidas kuna kus liiga ma me meie
        mida miks millal minu mis muu muud nad nagu need neid nende ning nuud ole oled olema oli olla oma on
        parast peab pole poolt rohkem sa saa saab saad seda see selle selles siin siis sinu sul ta teie tema
        uhe uhtegi uks vaid veel voi voib
    """,
    "fi": """
        aina ala ei emme en enemman ennen et etta han hanen he hyvin ilman ja jalkeen jo joka jos jotka
        kaikki kanssa koska koskaan kuin kuinka kuka kun kuten liian me meidan mika miksi milloin mina minua
        minulla minulle minun missa mita mitaan miten monta mutta myos nama ne niin nyt ole olemme olen olet
        oletko oli olla ollut on onko ovat pitaisi se seka sen siita sina sinua sinulla sinulle sinun sita
        taalla tahan tahansa tai tama taman tassa tasta tata taytyy tehda todella ulos usein vain viela voi
        voit voivat yksi
    """,
    "fr": """
        a afin ainsi alors apres as au auquel aussi autre aux avaient avait avant avec avez avons ayant c ca car
        ce cela celle celles celui ces cest cette ceux chaque chez chose comme comment d dans de deja depuis des
        donc dont du elle elles en encore entre es est et etait ete etes etre eu faire ici il ils j jai jamais
        je l la laquelle le lequel les leur leurs lors lorsqu lorsque lui m ma maintenant mais me meme mes moi
        mon n na nai ne nest nos notre nous ny ont ou par pas pendant peut peux plait plus pour pourquoi pouvez
        puis qu quand que quel quelle quelles quelqu quelque quels qui quil quoi rien s sa sans se sera ses si
        sil soi sois soit sommes son sont sous suis sur t te tel telle toi ton toujours tous tout toutes tres
        trop tu un une vers veuillez vos votre vous vu y
    """,
    "ga": """
        a ach ag agat agus amhain an anois anseo aon ar beidh bhfuil bhi bith cad cathain ce ceann cen
        cheana conas de do e eile eis feidir fein fheidir fos gach go haghaidh i is le leat liom ma mar me
        mo mor na nach ni nil nior niorbh no nuair o on sa se seo siad sin ta tar tu
    """,
    "hr": """
        ako ali bez bi bilo biti ce da ga gdje i ih ili ima imate iz između je jedan jos kada kako kao kod
        koja koje koji kojih kojoj li mogu mora mozda moze mozete na nakon ne nema nije od ovaj ovo ovu po
        poput prije protiv s sam samo se ste sto su sve svoj svoje svoju tako tko to u vas vase vec vise za
        zasto zatim
    """,
    "hu": """
        a akkor alatt amikor amit az azt csak de ebben egy egyes egyetlen egyik elott en es ez ezek ezt fog
        ha hat hogy hogyan hol igy is itt jol kell kerjuk ki lehet lesz majd mar mas masik meg mert mi miert
        mikor milyen minden mindig mint mit most nagyon ne nehany neked nekem neki nelkul nem nincs
        nincsenek o oket olyan on osszes ot ott sajat sem semmit senki soha sok te tobb tobbet tovabbi tul
        ujra utan vagy vagyok van vannak vele volna volt
    """,
    "is": """
        a af aftur alla allt an að aðeins aður ef eg eigin einnig eins einungis ekkert ekki en engar engin
        enn ennþa er ert eru eða fra fyrir getur hann hans hefur her honum hun hvar hvað hvenær hver hvernig
        hvers hægt i meira mer með mig minn mjog mun neðan nu nuna of oft og okkar okkur oll ollum oðrum
        sama sem svo svona til um var vel vera verið verður vinsamlegast við voru þau það þegar þeir þeirra
        þessa þessari þessi þetta þin þina þinn þinum þitt þu
    """,
    "it": """
        a abbiamo agl agli ai al alcune alcuni all alla alle allo altri anche ancora avere aveva ce che chi ci
        ciascuno coi come con cosa cosi cui da dagli dai dal dalla dalle dallo degli dei del dell della delle
        deve di dopo dove e ecco ed era essere fa fare favore fra gia gli ha hai hanno ho i il in io l la le lei
        li lo loro lui ma mai me mentre mi mia mio molto ne negli nei nel nell nella nelle nello niente noi non
        nostra nostro nulla o od ogni oppure ora per perche piu posso possono potrebbe puo puoi qualche qualcosa
        qualcuno quale quali quando quanti quanto quella quelle quelli quello questa queste questi questo qui
        quindi sara se sei sempre senza si sia siamo siano siete solo sono stata stato su sua sugli sui sul
        sulla suo suoi tale tali te ti tra troppo tu tua tuo tuoi tutte tutti tutto un una uno vi voi vostro
    """,
    "lt": """
        apie ar arba as be bet bus buti buvo cia dabar dar daug daugiau gali galite i iki ir is ja jau jei
        ji jie jis jo jokiu jos ju jums jus jusu ka kad kada kai kaip kas kita kodel kur kuri kurie labai
        man mano mes musu ne negali nei nera nes nuo pagal pat per po prie pries savo si sia sio sios sis su
        ta taciau tai tavo tik tu turi viena vienas visi visus yra
    """,
    "lv": """
        ar ari bet bez bus but citi citu es esat ir ja jau jo jums jus jusu ka kad kapec kas kur kura lai
        lidz ludzu man mes nav neka nevar no par pec pie pirms sai saja savu seit si sis so ta tas tika
        tikai tiks to tu un uz vai vairak var varat varetu vel viena viens vienu vins vinu visas visi
    """,
    "mt": """
        biex biss bħala dan dawn din ebda fejn fil fuq għal għala għaliex għall għandu hemm hija huma huwa
        ieħor il jekk jew jistgħu jogħgbok kien kif kollha kull l li ma meta mhuwiex minn oħra oħrajn se ta
        tagħhom tal tiegħek tiegħu tista u wara wieħed xi ħafna
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
        a aby albo ale az bardzo beda bedac bedzie bez byc byli był była było były ci cie ciebie co cos czego
        czy czyli czym dla dlaczego dlatego do gdy gdyz gdzie go i ich inna inne inny innych ja jak jaka jaki
        jakich jakie jako je jego jej jesli jest jestem jestes jeszcze juz kazda kazde kazdy kiedy kim komus kto
        ktora ktore ktorego ktorej ktoremu ktory ktorych ktorym ktos lecz lub ma maja mam masz mi mial miec mnie
        moga moge moj moze mozesz mozna musi musisz na nad nami nas nasz nasza nasze nia nic nie nigdy nikt nim
        nimi niz o od on ona oraz po pod poniewaz prostu prosze przed przez sa sam sama samemu sie siebie soba
        sobie swoj swoje ta takze tam te tego tej ten teraz to tu tutaj twoj twoja twoje tych tylko tym tymi u w
        wam wami was wasz we wiec wiecej wiele wszystkich wszystkie wszystko z zadnych zawsze zbyt ze zeby
        zostanie zostało zrobic
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
        a aceasta acest aceste acum ai aici al ale alte am ar are asta au ca cand care ce cine cu cum daca
        dar de decat deja despre din doar dumneavoastra dupa ea ei el este esti exista fara fi fie fiecare
        foarte fost in inainte inca intre l la lor lui ma mai mea meu mi mult multe ne nu o orice pe pentru
        poate pot poti prea prin putut rugam sa sau si sub sunt ta tau te ti tine toate toti trebui trebuie
        un unde unei unui va vor
    """,
    "sk": """
        a aby aj ak aka ake ako aky ale alebo bez bol bola boli bude by byt ci co dalsie do ho iba ich ine
        je jeho kde ked kedy kto ktora ktore ktory len moze mozete mozu musi na nie od po pre preco pred
        pretoze prosim proti s sa sme ste su svoj svoje tato tejto tento tieto to tohto toto tu tuto u uz v
        vam vas vase viac vsetky vsetkych z zatial ziadne
    """,
    "sl": """
        ali bi bil bila bilo biti bo bodo boste brez ce da druge ga ima imate in iz je jih jo kaj kako
        katera kateri kdaj kdo ker ki kje ko kot lahko le med mogoce mora morda na ne nekaj ni od pri proti
        s samo se so som ste svoj svoje ta tako te tega tem to tudi v vam vas vase vec vedno vendar vse vseh
        z za zakaj zato ze
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
