"""Usual pairs of neighbouring letters, one of them beyond ASCII, by which encodings of one byte a sign are recognised.

Each language group has five texts of pairs, each pair two signs (small letters; a blank is the end of a word): those
that are at least one in 16, 64, 256, 1024 and 4096 of the pairs of one of its languages. They need not be complete.
"""

from __future__ import annotations

WESTERN = (
    "iëióràrétàtäà ãoä é ò ó ónörør",
    " á å é ø ü þaßaçaðdéeßeëeïföføfühähöhøißiðjäjójøkälälælélømämåménänéoßpäpérárärårærírðròrörørüsäsæsésøtétötøußvä"
    "væyößeá ánárähäiäkälämänäräsätäuäyäßääå ånårægælænæræsçaçãçõè ènèrécéeélépérésétë ëlënërì íaïnð ðaðiðuñaõeößødøj"
    "økølønøsøyübücühünürüß",
    " à ä æ è í ó ö úaëaíaïañbäbåbæbébëbøbücàcácécícòcódèdëdìdídódödøeäeçeðeñfäfæféfëgägågægégëgígðgögøgühåhæhèhéhëhü"
    "iàiáiäiçièiéiòiöiùjájæjëjökækëkókökøkülàlálålèlëlílòlólölümàmámæmèmëmímómömømünànánånænçnènënínònónønüoëoïoöpåpæ"
    "pëpøqërãrçrèrërórúsãsåsësìsísösütátãtåtætètëtítòtótüuçuéuíuïuðvåvévëvívöwäwüyäzëzüß ßaßbßgßhßißkßlßmßnßsßtßußwàc"
    "àlànàràsàtálásátáváðânäcädäfägäjäpävåbådåeågåkålåpåsåtædækætævæðçoçëèsètéaébédéfégéménéoévééê ênêtëdëeëiëkëmëpës"
    "ëtëvëzí ícídíkímínísítívíðïdïsðsñoògòlòmònòrógókólómórósótóðônö öcödöfögöhöiöjökölömönöpösötövöyöðø øbøgømøpøtøv"
    "ù úsútüdügülüsütþeþr",
    " òaéaîaúbàbábèbíbòbóböbúcâcãcçcècêcìcúdàdádãdädådædêdòdüdýeåeéeíeòeóeüfàfáfåfèfífðfòfógàgágãgègêgògógúháhãhíhóhú"
    "iãiêiñiõiøjåjújükákåkékíkúlâlãlçlêlìlýlþmãmêmòmúnãnênìnônönúnýoçoèoðoñoûpàpápçpèpêpípòpópöpúpüqürârêrìrôrýsàsásè"
    "sòsósõsùsýtâtêtìtôtùtúuàuáuèuêuìuñuòvàvávèvêvòvóvøwéwöxéxíxòyéyðyózázäzézòzózöàbàfàgàmàpàvábácáfágáháiákámápááâc"
    "âmâtã ãeäaäbäeäoäxåfåmåvæ æbæeæfæmç ècèdègèièlèmèpèvèxéhéiéjéqéuêcêmêsëfëxíbíeífígílíoípíríuînîtï ïcïeïmïrïtðbðf"
    "ðgðhðjðlðmðnðrðvñeñiòbòcòdòfòpòsòtócódófóiópóxóóô ôlômôtöböäööøeøfú úaúbúdúiúkúlúmúnúrúðûtüeüfümüpýnýrýsýtýðþaþi"
    "þjþoþuþyþáþóþýœu",
    " â ç ê î ñ ô ý œ šaäaèaóaüaþbâbãbêbìbôbùbýcôcœdâdôdõdùdúeàeáeãeöeøeúfãfêfôfúgâgìhàhâhçhêhòhôhõiâiåiïiújàjãjéjíkû"
    "kýlôlõlùlúmâmìmômýmþnânùnþoáoãoäoéoíoîoùpâpãpìpôpõrõrùrûrþsêsôsúsûsþtõtýuãuäuëuóuøuüvâvãvìvôwáwâwèwíxàxáxãxèxóxõ"
    "yàyáyúyüzàzãzèzúº àdàiàqàuàxáaádáeájáqáuáxázáæáñâ âgâlãsäqäzåaåhåiååæcæiæjæoæpçeçuçàçáçòçóèbèfèqèuèzékéxézéðêlêu"
    "êvìaìoìtíjíqíxízíñíþîcïaïbïlïqïvðdðeðkðtñuñáñíñóòqòvòxóaóbóeóhóqóuóvóñóþôrôsöaöeöwöxözøaøhøiúcúeúfúgúpúvúñûlûrü "
    "üiüèüíý ýjýkýlýmþvþæþéþíþöþúšk",
)
CENTRAL = (
    "ă ţi",
    " î č š žaćačałašaţažcăećečešežićičięišjąjšlálănánénínýnănţočośošožpřrárătátétăučužváá álánárásátâné érésí înówý "
    "ărătą ącć ćećičačečičkčnđeę ł łałořeścştšašešiškštščť žažeži",
    " á ä é ö ú ł ś ş żaßađańaşaťażbábäbăbčcâcícţdádédădědłdžeßeđeľełeńeśeşeţeżfägágägégăgłháhäißiąiłiśişiţiťižjájíjú"
    "jękákäkékókökúkýkąkękłlälélílólőmámâmémăměnänúnąnčnęněoßoćođołożpópăpłrâräréríróręršrţržsásäsésăsłsťtâtätítótötę"
    "tětőtřußućuşušuţużvévívývăvěwäwüwąyłyśzázézízăzązęzłß ßaßbßeßgßhßißkßlßmßnßsßtßußwábácádágákámávázäcädäfägähäläm"
    "änäräsäuäßégéhékéléménépétévícíhíkímínírítívîmó ólóröcöföhölönörösötövözößú úcübücühülünüßýcýmăcălămăsăţądćaćuč "
    "čjčlčrčuđađuęcędętě ějělěnětľałełułyń ńcńső őlősřiříś ślśmśnśwśćşeşiš šlšnšošíţaţeţăťaů żażeżnżożyžbžjžnžu",
    " í ó ü ć ď đ ľ ő ř ţaľařaśbébíbóbęběbłbőbšbţcécócącędídódôdödúdądędődřdůdźdżeňeřeťeźfáfâféföfüfăfőgâgígóhéhíhýhč"
    "hľhłiáiíióiđińiżjéjójöjüjśkíkükřkškůlâlölúlülýląlčlęlţlůlžmímómômúmęmłmšműnânónönőnşnšnůoľońořoşoţpápâpépípôpüpć"
    "pępěpšpţpůrörúrürýrąrčrđrőrşrůrűsâsísósösúsüsąsőtútütýtątłtůtűuáuăuđułuśvâvävčvővšwówęwłyáyéyíyüyćyńyšyűyżzâzózö"
    "züzőzšáhájápáčářášážâiâlâmârâtâşätäčébédézídílísízíčíšížóbócódógójókónósótózółóżôsôžöbödökúdújúlúpúrúsútúzúčúšúť"
    "ügükütüzýbýrýsývýšăbădăgăiănăpăuăzăşągąsątąząćąłążćnćočočtčvčíčšďađiębęgękępęsęzęłęśężěděhěkěrěsěřěžľ ľkľnľoľułb"
    "łcłkłnłółąłęň ňaňoňuőbődőjőkőnőrőtőzřařsřáśrş şaşcşoşušjšpšušćţ ţuťoůmůsůvű űnűvźnż żdżkżsżużąž ždžgžkžoží",
    " ă ť źaďaňaźbâböbúbübýbąbľbřbűcácúcłcşcůdâdüdýdčdĺdľdňdšeáeíeîeóeďfógögúgügągęgőgűhóhöhúhühăhęhőhřhšhůhűiéiúiřjă"
    "jčkôkćkčkľkőlňlšmämîmömümýmąmčmţmůnünđnűnżnžoďoňoźpäpúpýpąpőrôrłrżsęsţsůsűtîtšuďuľuńuřuťvôvövúvüvďvřvůvžwśxăyóyö"
    "yúyčyňyőyřyťyžzúzýzčzřzťzůzűáiáuáľâuâţäzäťécéjéčíbígíjípíříťîiîlîşóaófóiómópóvóźôcôdôjôlôrôvôzögömúbúgúhúkúmúnúv"
    "úžüdürüsüvýdýhýkýlýnýpýtýzýžăjăvąbąkąpćwčbčcčmčsčáčůď ďođoęlęćěcěměpěvězěčěšĺžľbľmľsľvľúłdłgłmłpłsłtłżňkňsőaőeőf"
    "őiőmővř řkřořuřůśpşmşnşăšmšvšášľšššťţâťáůdůjůlůrůzůžűeűjűkűlűrűsűtűzź źcźdźlźmźrźwżbżcżlżóżęžlžmžržsžážňžš",
)
TURKISH = (
    "",
    " çaşdılınırısıtıı ılımınır",
    " ö ü şaçağcıdüeçeğeşgögüiğişkılümümınüoğrüsütüuğuşyüyızıçaçeçiçıölönörözü ükülümünürüyüzüşğiğuğııkısıyızığışş şa"
    "şeşişlşmştşı",
    " ıböbübıcüdöfıgıhühıiçkçkökülçnçoşpırçrşsötöuçyözüç çlçmçoçtökösötöyöğücüpüsütüçüğğağeğlğrğüıcıdıpıtşkşuşü",
    "hçjıkâkşlânşpürötçvüvıâlçuçöçüî ödömöpövübüdüfühüvğ ğdğmıbıfıvıçşbşoşsşvşçşö",
)
BALTIC = (
    "ų ",
    " š žišiųjākānānėrātātīā ājākārāsātą čiējė ėjėsībšaži",
    " ä įašažbābėbūcīdädādēdėdīdžeäečešgāhähõhöiäiöiņiūjäjõjöjüjąjųkäkõkökükąkėkškųlälõlölülālēlėlīmämõmömümāmąmēmėmī"
    "mųnänõnönünčnīnįnųošpäpõpöpüpāpērärõrörürērėrīrūsäsõsösüsāsēsėsītätõtötütątētėtųušužvävõvāvēvėyäyözēzīä äaädäeäh"
    "äiäjäkälämänäoäpäräsätäväyääõbõdõeõgõhõiõlõnõpõrõsõtõuö öhöiöjökölömönöpörösötövöyöäööüdügühülürüsütüüācādālāmān"
    "āvē ēlēmērēsētėlėmėtę ęsģiīdīgījīnīsītīvį įsķiļaņaņušiškštšušvūrūtžaže",
    " õ ü ā č ē ģ ī ķ ļačaļaņbēbębīcācēdõdądųeģeļeņežgągėgūgųiāiąičiļižjėjęjįjūkękļkūląlęlįlūlųmūnąnēnęoģoņožpėpīrąrę"
    "rįršrųržsąsčsūsųtętįtūuāučuļvąvęvīvųyčyšzāzņābāpāzāšąjąsčeēcēdēgēkēnēģēšėdėgėkėnėrėvėžģeī īcīkīlīmīpīrīzīšįgįkįr"
    "įtįvįžķeķīļiļoļuļāļūņeņiņoņāņēņšš šešgšlšmšošršsšyšāščšėšīšķūdūkūnūpūsųjždžkžmžnžožsžtžužvžyžāžė",
    " ą ė ņ ūaėaģaķbąbųcūdędįdūeāeįeķfēgęgļgšgžhāiėiģiķjējīkįlčlšlžmęmšmžnšnūnžočoļpąpępļpņpšpūpųpžrčrģrķrņsęsįtļtņtš"
    "uģuņvūyžzėzšāaāfāgāiāļāņāžąląmąrąvąžčačuēpēvēzēķēļēžėpėčėšģēģīīļīņįdįmįpķaķuķēļ ļeļķļņņķšbšdšnšpšąšēšęšįšņšūšųū "
    "ūcūgūlūmūvūzūšūžųsž žbžlžpžržąžēžģžīžįžų",
)
CYRILLIC = (
    "",
    " па е и ",
    " б в д з и к м н о р с таваламанарасатв вавевивовігодадедидоеделенересетзаизийилиминиоириситияијй какиколалелило"
    "льлім мамемин нанениннноныніо овогодойоломоноросотпопррарерироскстсьт татетитотртьу увх циь ькю я і івідја",
    " а г е ж л у ф х ч ш э і јааабагадаеажазайакапахацачашаюаяаєајањбабебиблбобрбубівлвнврвсвувшвъвывягагегиглгргід "
    "двдндрдудъдіевегежезейекемепечешејжажджежизвзезизнзоивигидиеииикихицичишйнйск кеклкркткукіл лнлулюлямомумінднкнс"
    "нтнуньняобоеожозокопочоюоїојпапепиплпупъпір рнрсртрурърыріс сасвсесислснсоспсссусъсясітвтнтстутътытіудукулумупур"
    "усутучуюфифіхахоцацецічачечичкчнш шашешиштщащещиълъръты ывыеыйымыхьньсютющявямянятє ізійікілінірісітічіяіїї ј ње",
    " ц щ ю я є џаиауафащаѓаїаќб бвбнбсбщбъбыбявдвзвквмвпвтвцвчг гнгугъдбдгдждкдлдмдпдсдыдяеаебеееиеоефехецещењеќж жн"
    "жожуз збзгздзкзлзмзпзрзсзузызіиаибижипифищиюињиќйдйкймйойтквкнкскцкълглжлзлклллслтлълымбмммнмпмрмсмъмымянгнзнцнч"
    "нюоаоиоооуофохоцошощояоєп псптпырбрвргрдржрзркрлрмрпрррхрцршрьрюрясмсрсчсытбтктлтптттютяуаубугуеужузунухушущуєфа"
    "фефофрхвхехихнхрхухіц црцыцьцяч чвчочучішкшлшншошушьшіщ щнщоъбъвъгъдъжъзъкъмънъпъсъчъщыкылыпырысытышьеьмьоьтьюья"
    "экэлэнэтювюдюсючягядяеязякялярясяхячящяюѓаєвємєтєюіаібігіжіміоіпіхіцішіюієїнјдјејкјнјојсјтјујќњаќ ќаќеќи",
)
GREEK = (
    "",
    "α ς ",
    " α δ ε κ μ π σ τά ή ίααιαλαναπαρασατδιε είειερεσετη ησι ιαικιοισκακολομαμεν νανενοντο οιονοσουούπαποπρραριροσεση"
    "σττατετητιτουν",
    " ά έ β γ θ ι λ ν ο ρ ς υ φ χ όάλάνάράσάτέλένέρέσήσί ίδίζίνίοίσίταίαγαδαθακαμαςαυαφβαβογαγεγιγκγογρδαδεδηδοδρεγεκ"
    "ελεμενεξεπεςευεύζεηκημηνηρηςητθεθηιάιδιειλιμινιριςιτιώκάκέκήκεκικλκρκτκόλάλέλήλίλαλεληλιλλμάμέμημιμομπμόνάνήνίνη"
    "νινωνόξεοίογοδοκολομοποροςοτοφπάπέπεπιπλπόράρέρίργρερηρχρωρόρώσίσασισκσμσοσυσωτάτέτήτίτρτωτόυ υλυμυπυρυσυτφαφοχα"
    "χεχοχρω ωνωρωσωτό όλόμόνόρόσότύ ύνύσώνώσ",
    " ή ζ η ξ ψάβάγάδάεάζάθάκάμάξάπάςάφάχέαέβέγέδέκέμέξέπέςέτέφέχέψήγήθήκήλήμήνήρήςήτίγίείθίκίλίμίπίρίςίχίωαβαζαξαχαϊ"
    "αύβάβίβεβιβλβργάγέγήγίγγγηγλγμγνγυγχγωγόδάδέδήδίδυδωδόδώεβεδεθεοεφεχεωζαζηζιζοζωηγηθηλθάθέθήθαθιθμθοθρθυιέιβιγιζ"
    "ιθιπιχιωιόκ κίκηκυκωκύκώλ λτλυλωλόλύλώμ μήμίμβμμμυμφμωνένδνθνννςνσνώξέξαξηξιξοοβοηοθοχπήπίπηπνπτπωρ ρήρδρθρκρμρν"
    "ρρρτρυρφρύσάσέσήσθσπσςσσσφσχσόσύτ τζτςτστυτύτώυαυβυγυδυθυκυςυφυχφάφέφήφίφεφηφιφρφτφυφωφόχάχέχήχίχηχθχιχνχτχωχώψε"
    "ψηωγωμωπωςόγόδόκόπόςύγύεύθύλύμύούπύρύςύτύχώ ώμώρώςώτ",
)
