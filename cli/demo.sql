-- The demo data set of `gantry demo FILE`: the stock and the trade of a small book shop.
--
-- Authors and books are real; years are those of first publication. Publishers, ISBNs (their check
-- digits are right), prices, customers, orders and reviews are made up; mail addresses use the
-- domains reserved for examples.
--
-- Everything is generated without chance or clock, so two runs give the same rows. The caller
-- wraps the script in one transaction.

CREATE TABLE authors (
    id      INTEGER PRIMARY KEY,
    name    TEXT NOT NULL UNIQUE,
    country TEXT NOT NULL,
    born    INTEGER CHECK (born BETWEEN -900 AND 2025) -- NULL: nobody knows for certain
) STRICT;

CREATE TABLE publishers (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    city TEXT -- NULL: electronic books only
) STRICT;

CREATE TABLE books (
    id           INTEGER PRIMARY KEY,
    title        TEXT NOT NULL CHECK (title <> ''),
    author_id    INTEGER REFERENCES authors (id), -- NULL: anonymous
    publisher_id INTEGER NOT NULL REFERENCES publishers (id),
    year         INTEGER CHECK (year BETWEEN -900 AND 2100),
    price        REAL CHECK (price > 0), -- in euro; NULL: out of print
    isbn         TEXT UNIQUE CHECK (length(isbn) = 13 AND isbn NOT GLOB '*[^0-9]*'),
    language     TEXT NOT NULL CHECK (length(language) = 2), -- of this edition, ISO 639-1
    summary      TEXT
) STRICT;

CREATE TABLE customers (
    id      INTEGER PRIMARY KEY,
    name    TEXT NOT NULL,
    email   TEXT UNIQUE CHECK (email LIKE '%_@_%'),
    city    TEXT,
    country TEXT NOT NULL,
    joined  TEXT NOT NULL CHECK (joined IS date(joined))
) STRICT;

CREATE TABLE orders (
    id          INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    ordered_at  TEXT NOT NULL CHECK (ordered_at GLOB '????-??-??T??:??:??Z'),
    status      TEXT NOT NULL
        CHECK (status IN ('pending', 'paid', 'shipped', 'delivered', 'cancelled', 'returned'))
) STRICT;

CREATE TABLE order_items (
    order_id   INTEGER NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    book_id    INTEGER NOT NULL REFERENCES books (id),
    quantity   INTEGER NOT NULL DEFAULT 1 CHECK (quantity > 0),
    unit_price REAL NOT NULL CHECK (unit_price >= 0), -- on the day of the order
    PRIMARY KEY (order_id, book_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE reviews (
    id          INTEGER PRIMARY KEY,
    book_id     INTEGER NOT NULL REFERENCES books (id) ON DELETE CASCADE,
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    stars       INTEGER NOT NULL CHECK (stars BETWEEN 1 AND 5),
    body        TEXT, -- NULL: stars only
    created_at  TEXT NOT NULL CHECK (created_at GLOB '????-??-??T??:??:??Z'),
    UNIQUE (book_id, customer_id)
) STRICT;

-- What each book has sold, cancelled and returned orders left out.
CREATE VIEW book_sales (book_id, title, author, sold, revenue) AS
SELECT b.id, b.title, a.name, coalesce(s.sold, 0), coalesce(s.revenue, 0.0)
FROM books AS b
LEFT JOIN authors AS a ON a.id = b.author_id
LEFT JOIN (
    SELECT i.book_id, sum(i.quantity) AS sold, round(sum(i.quantity * i.unit_price), 2) AS revenue
    FROM order_items AS i
    JOIN orders AS o ON o.id = i.order_id
    WHERE o.status NOT IN ('cancelled', 'returned')
    GROUP BY i.book_id
) AS s ON s.book_id = b.id;

-- --- authors, publishers ----------------------------------------------------------------------

INSERT INTO authors (id, name, country, born) VALUES
    (1, 'Gabriel García Márquez', 'Colombia', 1927),
    (2, 'Murasaki Shikibu (紫式部)', 'Japan', NULL),
    (3, 'Fyodor Dostoevsky (Фёдор Достоевский)', 'Russia', 1821),
    (4, 'Naguib Mahfouz (نجيب محفوظ)', 'Egypt', 1911),
    (5, 'Jane Austen', 'United Kingdom', 1775),
    (6, 'Leo Tolstoy (Лев Толстой)', 'Russia', 1828),
    (7, 'Virginia Woolf', 'United Kingdom', 1882),
    (8, 'Franz Kafka', 'Czechia', 1883),
    (9, 'Jorge Luis Borges', 'Argentina', 1899),
    (10, 'Chinua Achebe', 'Nigeria', 1930),
    (11, 'Haruki Murakami (村上春樹)', 'Japan', 1949),
    (12, 'Toni Morrison', 'United States', 1931),
    (13, 'Italo Calvino', 'Italy', 1923),
    (14, 'Umberto Eco', 'Italy', 1932),
    (15, 'Albert Camus', 'France', 1913),
    (16, 'Victor Hugo', 'France', 1802),
    (17, 'Gustave Flaubert', 'France', 1821),
    (18, 'Simone de Beauvoir', 'France', 1908),
    (19, 'Johann Wolfgang von Goethe', 'Germany', 1749),
    (20, 'Thomas Mann', 'Germany', 1875),
    (21, 'Hermann Hesse', 'Germany', 1877),
    (22, 'Miguel de Cervantes', 'Spain', 1547),
    (23, 'Isabel Allende', 'Chile', 1942),
    (24, 'Julio Cortázar', 'Argentina', 1914),
    (25, 'Mario Vargas Llosa', 'Peru', 1936),
    (26, 'Juan Rulfo', 'Mexico', 1917),
    (27, 'Clarice Lispector', 'Brazil', 1920),
    (28, 'Machado de Assis', 'Brazil', 1839),
    (29, 'José Saramago', 'Portugal', 1922),
    (30, 'Fernando Pessoa', 'Portugal', 1888),
    (31, 'Anton Chekhov (Антон Чехов)', 'Russia', 1860),
    (32, 'Mikhail Bulgakov (Михаил Булгаков)', 'Russia', 1891),
    (33, 'Anna Akhmatova (Анна Ахматова)', 'Russia', 1889),
    (34, 'Natsume Sōseki (夏目漱石)', 'Japan', 1867),
    (35, 'Yasunari Kawabata (川端康成)', 'Japan', 1899),
    (36, 'Sei Shōnagon (清少納言)', 'Japan', NULL),
    (37, 'Cao Xueqin (曹雪芹)', 'China', NULL),
    (38, 'Lu Xun (鲁迅)', 'China', 1881),
    (39, 'Mo Yan (莫言)', 'China', 1955),
    (40, 'Han Kang (한강)', 'South Korea', 1970),
    (41, 'Rabindranath Tagore (রবীন্দ্রনাথ ঠাকুর)', 'India', 1861),
    (42, 'Arundhati Roy', 'India', 1961),
    (43, 'Orhan Pamuk', 'Turkey', 1952),
    (44, 'Homer (Ὅμηρος)', 'Greece', NULL),
    (45, 'Nikos Kazantzakis (Νίκος Καζαντζάκης)', 'Greece', 1883),
    (46, 'Wisława Szymborska', 'Poland', 1923),
    (47, 'Stanisław Lem', 'Poland', 1921),
    (48, 'Olga Tokarczuk', 'Poland', 1962),
    (49, 'Milan Kundera', 'Czechia', 1929),
    (50, 'Karel Čapek', 'Czechia', 1890),
    (51, 'Selma Lagerlöf', 'Sweden', 1858),
    (52, 'Astrid Lindgren', 'Sweden', 1907),
    (53, 'Tove Jansson', 'Finland', 1914),
    (54, 'Halldór Laxness', 'Iceland', 1902),
    (55, 'Mary Shelley', 'United Kingdom', 1797),
    (56, 'Herman Melville', 'United States', 1819),
    (57, 'Charlotte Brontë', 'United Kingdom', 1816),
    (58, 'George Orwell', 'United Kingdom', 1903),
    (59, 'Ursula K. Le Guin', 'United States', 1929),
    (60, 'Chimamanda Ngozi Adichie', 'Nigeria', 1977),
    (61, 'Ngũgĩ wa Thiong’o', 'Kenya', 1938),
    (62, 'Tayeb Salih (الطيب صالح)', 'Sudan', 1929),
    (63, 'Omar Khayyam (عمر خیام)', 'Iran', 1048),
    (64, 'Dante Alighieri', 'Italy', 1265),
    (65, 'Elena Ferrante', 'Italy', NULL);

INSERT INTO publishers (id, name, city) VALUES
    (1, 'Crane & Capstan', 'Bristol'),
    (2, 'Gangway Classics', 'Liverpool'),
    (3, 'Lamplight & Ladder', NULL),
    (4, 'Editorial Proa y Ancla', 'Cádiz'),
    (5, 'Ediciones Marea Viva', 'Valparaíso'),
    (6, 'Éditions Trois Amarres', 'Nantes'),
    (7, 'Hafenkran Verlag', 'Hamburg'),
    (8, 'Edizioni Molo Undici', 'Genova'),
    (9, 'Cais Sete Editora', 'Porto'),
    (10, 'Издательство «Двенадцатый причал»', 'Санкт-Петербург'),
    (11, '七番埠頭書房', '横浜'),
    (12, '吊车书社', '上海'),
    (13, 'دار الرافعة للنشر', 'الإسكندرية'),
    (14, 'Wydawnictwo Trzy Żurawie', 'Gdańsk'),
    (15, 'Kajkant Förlag', 'Göteborg'),
    (16, 'Yedi İskele Yayınevi', 'İzmir'),
    (17, '갈매기부두', '부산'),
    (18, 'Εκδόσεις Έβδομη Προβλήτα', 'Πειραιάς');

-- --- books ------------------------------------------------------------------------------------

INSERT INTO books (title, author_id, publisher_id, year, price, language, summary) VALUES
    ('Cien años de soledad', 1, 4, 1967, 14.95, 'es', 'Siete generaciones de los Buendía en Macondo, donde el insomnio se contagia y los muertos vuelven de visita.'),
    ('One Hundred Years of Solitude', 1, 1, 1967, 12.99, 'en', 'Seven generations of the Buendía family in Macondo, where sleeplessness is catching and the dead come to visit.'),
    ('El amor en los tiempos del cólera', 1, 5, 1985, 13.5, 'es', 'Florentino Ariza espera a Fermina Daza más de cincuenta años.'),
    ('Chronicle of a Death Foretold', 1, 1, 1981, 9.99, 'en', 'Everybody in town knows who is to be killed that morning, except the man himself.'),
    ('El coronel no tiene quien le escriba', 1, 5, 1961, 8.95, 'es', 'A retired colonel, a fighting cock, and a pension that never comes.'),
    ('源氏物語', 2, 11, NULL, 24, 'ja', '光る君と呼ばれた源氏の恋と栄華、そしてその子らの物語。五十四帖。'),
    ('The Tale of Genji', 2, 2, NULL, 29.95, 'en', 'Love and politics at the Heian court, told in fifty-four chapters by one of its ladies.'),
    ('Преступление и наказание', 3, 10, 1866, 9.5, 'ru', 'Студент Раскольников решает, право ли он имеет, и не может жить с ответом.'),
    ('Crime and Punishment', 3, 2, 1866, 10.99, 'en', 'A student kills a pawnbroker to prove a theory, and finds that the theory had left him out.'),
    ('Братья Карамазовы', 3, 10, 1880, 12.9, 'ru', NULL),
    ('The Brothers Karamazov', 3, 2, 1880, 13.99, 'en', 'A father is murdered; three sons, or four, have to ask themselves who wished it.'),
    ('Идиот', 3, 10, 1869, 10.4, 'ru', NULL),
    ('Notes from Underground', 3, 3, 1864, 4.99, 'en', 'A spiteful clerk explains himself and makes everything worse.'),
    ('بين القصرين', 4, 13, 1956, 11.5, 'ar', 'أسرة السيد أحمد عبد الجواد في القاهرة أيام ثورة ١٩١٩، الجزء الأول من الثلاثية.'),
    ('قصر الشوق', 4, 13, 1957, 11.5, 'ar', NULL),
    ('السكرية', 4, 13, 1957, 11.5, 'ar', NULL),
    ('Palace Walk', 4, 1, 1956, 12.5, 'en', 'A Cairo merchant, stern at home and merry abroad, and his family in the year of the 1919 revolution.'),
    ('Midaq Alley', 4, 1, 1947, 11.99, 'en', 'Marriage, gossip and money in one dead-end street of old Cairo during the war.'),
    ('Sense and Sensibility', 5, 2, 1811, 7.99, 'en', 'Two sisters lose their home and most of their money, and love in opposite ways.'),
    ('Pride and Prejudice', 5, 2, 1813, 7.99, 'en', 'Elizabeth Bennet and Mr Darcy dislike each other at sight, with excellent reasons.'),
    ('Emma', 5, 2, 1815, 8.5, 'en', 'A clever young woman arranges everybody’s happiness but sees nothing that goes on.'),
    ('Persuasion', 5, 2, 1817, 7.5, 'en', 'Eight years after she was talked out of marrying him, the captain comes back.'),
    ('Война и мир', 6, 10, 1869, 19.9, 'ru', 'Пять семей, одна война и вопрос о том, кто двигает историю.'),
    ('War and Peace', 6, 2, 1869, 16.99, 'en', 'Five families live through the years of Napoleon, and find out who moves history.'),
    ('Анна Каренина', 6, 10, 1878, 11.8, 'ru', NULL),
    ('Anna Karenina', 6, 2, 1878, 11.99, 'en', 'A marriage ends in Petersburg while another begins among the hayfields.'),
    ('The Death of Ivan Ilyich', 6, 3, 1886, 4.5, 'en', 'A judge who has lived correctly falls ill and cannot find anyone to say so.'),
    ('Mrs Dalloway', 7, 1, 1925, 9.99, 'en', 'One June day in London, from the flowers in the morning to the party at night.'),
    ('To the Lighthouse', 7, 1, 1927, 9.99, 'en', 'A family plans an outing, and makes it ten years later.'),
    ('Orlando', 7, 1, 1928, 9.5, 'en', 'A life of three centuries, begun as a man and continued as a woman.'),
    ('A Room of One’s Own', 7, 1, 1929, 8.99, 'en', 'Two lectures on women, fiction, and five hundred pounds a year.'),
    ('Die Verwandlung', 8, 7, 1915, 6, 'de', 'Gregor Samsa erwacht als Ungeziefer und sorgt sich um den Frühzug.'),
    ('The Metamorphosis', 8, 3, 1915, 3.99, 'en', 'Gregor Samsa wakes up as vermin and worries about missing his train.'),
    ('Der Process', 8, 7, 1925, 9.8, 'de', 'Josef K. wird verhaftet, ohne etwas Böses getan zu haben, und geht weiter zur Arbeit.'),
    ('The Trial', 8, 2, 1925, 9.99, 'en', 'Josef K. is arrested one morning; nobody can tell him why.'),
    ('Das Schloss', 8, 7, 1926, 10.5, 'de', NULL),
    ('Ficciones', 9, 4, 1944, 10.95, 'es', 'Laberintos, bibliotecas infinitas y autores que no existieron.'),
    ('El Aleph', 9, 4, 1949, 10.95, 'es', NULL),
    ('Labyrinths', 9, 1, 1962, 11.99, 'en', 'Stories and essays on mirrors, libraries and the garden of forking paths.'),
    ('Things Fall Apart', 10, 1, 1958, 9.99, 'en', 'Okonkwo, wrestler and farmer of Umuofia, meets the missionaries.'),
    ('No Longer at Ease', 10, 1, 1960, 9.99, 'en', 'Okonkwo’s grandson comes home from England to a post, a debt and a bribe.'),
    ('Arrow of God', 10, 1, 1964, NULL, 'en', 'A chief priest weighs his god against his village, and both against the district officer.'),
    ('ノルウェイの森', 11, 11, 1987, 9.2, 'ja', '三十七歳の僕は、飛行機の中で聞いた曲に学生時代の恋を思い出す。'),
    ('Norwegian Wood', 11, 1, 1987, 10.99, 'en', 'A song heard on an aeroplane brings back Tokyo in the sixties and a girl who could not stay.'),
    ('海辺のカフカ', 11, 11, 2002, 12.4, 'ja', NULL),
    ('Kafka on the Shore', 11, 1, 2002, 11.99, 'en', 'A boy runs away to a library; an old man talks with cats; fish fall from the sky.'),
    ('The Wind-Up Bird Chronicle', 11, 1, 1994, 13.5, 'en', 'A man looks for his cat, then for his wife, and ends at the bottom of a well.'),
    ('The Bluest Eye', 12, 1, 1970, 10.5, 'en', 'Pecola Breedlove prays for blue eyes in Lorain, Ohio.'),
    ('Song of Solomon', 12, 1, 1977, 11.5, 'en', 'Milkman Dead goes south for gold and finds where his people learnt to fly.'),
    ('Beloved', 12, 1, 1987, 10.99, 'en', 'A house in Cincinnati is haunted by what its owner did to keep her child free.'),
    ('Le città invisibili', 13, 8, 1972, 12, 'it', 'Marco Polo descrive a Kublai Khan cinquantacinque città, e sempre la stessa.'),
    ('Invisible Cities', 13, 1, 1972, 9.99, 'en', 'Marco Polo describes fifty-five cities to Kublai Khan, and one city all along.'),
    ('Il barone rampante', 13, 8, 1957, 12, 'it', 'Un ragazzo sale su un albero per non mangiare le lumache, e non scende più.'),
    ('Se una notte d’inverno un viaggiatore', 13, 8, 1979, 13, 'it', NULL),
    ('Il nome della rosa', 14, 8, 1980, 14.9, 'it', 'Un frate inglese indaga su sette giorni di delitti in un’abbazia senza nome.'),
    ('The Name of the Rose', 14, 2, 1980, 12.99, 'en', 'Seven days, several murders and one forbidden book in a mountain abbey of 1327.'),
    ('Il pendolo di Foucault', 14, 8, 1988, 15.5, 'it', NULL),
    ('L’Étranger', 15, 6, 1942, 7.4, 'fr', 'Meursault enterre sa mère, va se baigner, et tire sur un homme à cause du soleil.'),
    ('The Outsider', 15, 2, 1942, 8.99, 'en', 'A clerk in Algiers is tried for a murder, and condemned for not having wept.'),
    ('La Peste', 15, 6, 1947, 8.9, 'fr', 'Les portes d’Oran se ferment ; le docteur Rieux compte les morts et continue.'),
    ('The Plague', 15, 2, 1947, 9.99, 'en', 'The rats die first; then the gates of Oran are shut.'),
    ('Les Misérables', 16, 6, 1862, 18.9, 'fr', 'Jean Valjean, un pain volé, deux chandeliers, et l’inspecteur qui ne renonce jamais.'),
    ('Notre-Dame de Paris', 16, 6, 1831, 9.7, 'fr', NULL),
    ('Madame Bovary', 17, 6, 1857, 6.5, 'fr', 'Emma a lu trop de romans pour un mari de province.'),
    ('L’Éducation sentimentale', 17, 6, 1869, 7.2, 'fr', NULL),
    ('Le Deuxième Sexe', 18, 6, 1949, 12.3, 'fr', 'Comment on devient femme : les faits, les mythes, l’expérience vécue.'),
    ('Faust. Eine Tragödie', 19, 7, 1808, 5.4, 'de', 'Ein Gelehrter, ein Pudel, eine Wette.'),
    ('Die Leiden des jungen Werthers', 19, 7, 1774, 4.8, 'de', NULL),
    ('Buddenbrooks', 20, 7, 1901, 15, 'de', 'Der Verfall einer Lübecker Kaufmannsfamilie in vier Generationen.'),
    ('Der Tod in Venedig', 20, 7, 1912, 8, 'de', NULL),
    ('Der Zauberberg', 20, 7, 1924, 17, 'de', 'Hans Castorp besucht seinen Vetter für drei Wochen und bleibt sieben Jahre.'),
    ('The Magic Mountain', 20, 2, 1924, 15.99, 'en', 'A young engineer visits a sanatorium for three weeks and stays seven years.'),
    ('Siddhartha', 21, 7, 1922, 9, 'de', NULL),
    ('Der Steppenwolf', 21, 7, 1927, 10, 'de', NULL),
    ('Don Quijote de la Mancha', 22, 4, 1605, 19.95, 'es', 'Un hidalgo enloquece de tanto leer y sale a enderezar el mundo.'),
    ('Don Quixote', 22, 2, 1605, 14.99, 'en', 'A gentleman of La Mancha reads until he is a knight; his squire would prefer dinner.'),
    ('La casa de los espíritus', 23, 5, 1982, 12.95, 'es', NULL),
    ('The House of the Spirits', 23, 1, 1982, 11.5, 'en', 'Clara writes down everything, from green-haired Rosa to the night of the coup.'),
    ('Rayuela', 24, 5, 1963, 15.95, 'es', 'Se puede leer de corrido o a saltos, según un tablero de dirección.'),
    ('Bestiario', 24, 5, 1951, 9.95, 'es', NULL),
    ('La ciudad y los perros', 25, 4, 1963, 12.5, 'es', NULL),
    ('La fiesta del Chivo', 25, 4, 2000, 13.95, 'es', 'Los últimos días de Trujillo, y los hombres que lo esperan en la carretera.'),
    ('Pedro Páramo', 26, 5, 1955, 9.5, 'es', 'Juan Preciado busca a su padre en un pueblo donde solo quedan murmullos.'),
    ('El Llano en llamas', 26, 5, 1953, 9.5, 'es', NULL),
    ('A paixão segundo G.H.', 27, 9, 1964, 11, 'pt', NULL),
    ('A hora da estrela', 27, 9, 1977, 9.8, 'pt', 'Macabéa come cachorro-quente, ouve o rádio-relógio e não sabe que é infeliz.'),
    ('The Hour of the Star', 27, 3, 1977, 6.99, 'en', 'A typist from the north-east has nothing, wants little, and is going to meet a fortune-teller.'),
    ('Memórias póstumas de Brás Cubas', 28, 9, 1881, 8.5, 'pt', 'Um defunto autor dedica suas memórias ao verme que primeiro lhe roeu as carnes.'),
    ('Dom Casmurro', 28, 9, 1899, 8.5, 'pt', NULL),
    ('Memorial do convento', 29, 9, 1982, 14.4, 'pt', NULL),
    ('Ensaio sobre a cegueira', 29, 9, 1995, 14.4, 'pt', 'Um homem cega ao volante, e a cegueira branca espalha-se pela cidade.'),
    ('Blindness', 29, 1, 1995, 11.99, 'en', 'A driver goes blind at the traffic lights, and then the whole city; one woman sees.'),
    ('Mensagem', 30, 9, 1934, NULL, 'pt', NULL),
    ('Livro do desassossego', 30, 9, 1982, 16.6, 'pt', 'Os papéis soltos de Bernardo Soares, ajudante de guarda-livros em Lisboa.'),
    ('The Book of Disquiet', 30, 1, 1982, 13.99, 'en', 'Loose papers of an assistant bookkeeper in Lisbon, published long after his author died.'),
    ('Палата № 6', 31, 10, 1892, 5.6, 'ru', NULL),
    ('Вишнёвый сад', 31, 10, 1904, 5.6, 'ru', 'Имение продают за долги, а хозяева вспоминают детство.'),
    ('Мастер и Маргарита', 32, 10, 1967, 11.2, 'ru', 'Дьявол со свитой навещает Москву, а в рукописи Мастера у Пилата болит голова.'),
    ('The Master and Margarita', 32, 2, 1967, 11.99, 'en', 'The devil visits Moscow with a large black cat; elsewhere Pilate has a headache.'),
    ('Реквием', 33, 10, 1963, NULL, 'ru', NULL),
    ('吾輩は猫である', 34, 11, 1905, 8.6, 'ja', '名前はまだ無い猫の目に映る、苦沙弥先生とその友人たち。'),
    ('坊っちゃん', 34, 11, 1906, 5.3, 'ja', NULL),
    ('Kokoro', 34, 2, 1914, 9.99, 'en', 'A student finds a teacher at the seaside, and years later receives his long letter.'),
    ('雪国', 35, 11, 1937, 6.1, 'ja', '島村は汽車に乗り、雪深い温泉町の駒子に会いに行く。'),
    ('Snow Country', 35, 2, 1937, 9.99, 'en', 'A man of leisure takes the train through the mountains to a woman he will not love.'),
    ('枕草子', 36, 11, NULL, 10.8, 'ja', '春はあけぼの。宮廷の四季と、うつくしきもの、にくきもの。'),
    ('The Pillow Book', 36, 2, NULL, 12.99, 'en', 'Things that make the heart beat faster, and other lists by a lady at court.'),
    ('红楼梦', 37, 12, 1791, 18.8, 'zh', '贾府由盛而衰，宝玉、黛玉与大观园里的一场大梦。'),
    ('Dream of the Red Chamber', 37, 2, 1791, 24.99, 'en', 'A boy born with a jade in his mouth, his cousins, and the slow fall of a great house.'),
    ('呐喊', 38, 12, 1923, 6.8, 'zh', '收入《狂人日记》《孔乙己》《故乡》与《阿Q正传》。'),
    ('红高粱家族', 39, 12, 1987, 9.9, 'zh', NULL),
    ('蛙', 39, 12, 2009, 9.5, 'zh', NULL),
    ('채식주의자', 40, 17, 2007, 9.8, 'ko', '어느 날 꿈을 꾼 뒤, 영혜는 고기를 먹지 않기로 한다.'),
    ('The Vegetarian', 40, 1, 2007, 9.99, 'en', 'After a dream a woman in Seoul stops eating meat; her family cannot bear it.'),
    ('소년이 온다', 40, 17, 2014, 10.5, 'ko', NULL),
    ('Human Acts', 40, 1, 2014, 9.99, 'en', 'Gwangju, May 1980: a boy looks after the dead, and the living remember him.'),
    ('গীতাঞ্জলি', 41, 3, 1910, 5.99, 'bn', NULL),
    ('Gitanjali', 41, 3, 1912, 4.99, 'en', 'Song offerings, put into English prose by the poet himself.'),
    ('The Home and the World', 41, 2, 1916, 8.99, 'en', NULL),
    ('The God of Small Things', 42, 1, 1997, 10.99, 'en', 'Twins in Ayemenem, a drowned cousin, and the laws that say who should be loved, and how much.'),
    ('Kara Kitap', 43, 16, 1990, NULL, 'tr', NULL),
    ('Benim Adım Kırmızı', 43, 16, 1998, 10.2, 'tr', '1591 kışında İstanbul: bir nakkaş kuyunun dibinden konuşmaya başlar.'),
    ('My Name Is Red', 43, 1, 1998, 12.5, 'en', 'Istanbul, 1591: a miniaturist speaks from the bottom of a well, and so do a dog, a coin and a colour.'),
    ('Kar', 43, 16, 2002, 10.2, 'tr', NULL),
    ('Ιλιάδα', 44, 18, NULL, 16, 'el', NULL),
    ('The Iliad', 44, 2, NULL, 12.99, 'en', 'A few weeks in the tenth year of a siege, and one man’s anger.'),
    ('The Odyssey', 44, 2, NULL, 12.99, 'en', 'A clever man takes ten years to come home, and is known by his dog and his bed.'),
    ('Βίος και Πολιτεία του Αλέξη Ζορμπά', 45, 18, 1946, 14.2, 'el', NULL),
    ('Zorba the Greek', 45, 2, 1946, 10.99, 'en', 'A bookish man opens a mine in Crete with a foreman who would rather dance.'),
    ('Koniec i początek', 46, 14, 1993, 7.9, 'pl', NULL),
    ('Solaris', 47, 14, 1961, 8.9, 'pl', 'Ocean pokrywający obcą planetę przysyła badaczom gości.'),
    ('Cyberiada', 47, 14, 1965, 9.4, 'pl', 'Two constructors build a machine that makes everything beginning with N, and regret it.'),
    ('Bieguni', 48, 14, 2007, 10.6, 'pl', NULL),
    ('Flights', 48, 1, 2007, 10.99, 'en', 'Travellers, anatomists and Chopin’s heart on its way home.'),
    ('Prowadź swój pług przez kości umarłych', 48, 14, 2009, 9.9, 'pl', NULL),
    ('Nesnesitelná lehkost bytí', 49, 14, 1984, 11.3, 'cs', NULL),
    ('The Unbearable Lightness of Being', 49, 1, 1984, 10.99, 'en', 'Two couples and a dog, before and after the tanks came to Prague.'),
    ('R.U.R.', 50, 14, 1920, 5.2, 'cs', 'Hra, která dala světu slovo robot.'),
    ('Válka s mloky', 50, 14, 1936, 8.1, 'cs', NULL),
    ('Gösta Berlings saga', 51, 15, 1891, 12.2, 'sv', NULL),
    ('Nils Holgerssons underbara resa genom Sverige', 51, 15, 1906, 14.9, 'sv', 'En pojke blir stor som en tumme och flyger genom Sverige på en gåsrygg.'),
    ('Pippi Långstrump', 52, 15, 1945, 11.9, 'sv', 'Världens starkaste flicka flyttar in i Villa Villekulla med häst, apa och en kappsäck full av guldpengar.'),
    ('Pippi Longstocking', 52, 1, 1945, 8.99, 'en', 'The strongest girl in the world moves in with a horse, a monkey and a suitcase of gold.'),
    ('Bröderna Lejonhjärta', 52, 15, 1973, 12.5, 'sv', NULL),
    ('Sommarboken', 53, 15, 1972, 10.9, 'sv', NULL),
    ('The Summer Book', 53, 1, 1972, 9.5, 'en', 'A grandmother and a six-year-old spend the summer on a very small island.'),
    ('Sjálfstætt fólk', 54, 15, 1934, NULL, 'is', NULL),
    ('Independent People', 54, 1, 1934, 12.99, 'en', 'Bjartur of Summerhouses owes nothing to anyone, whatever it costs his family.'),
    ('Frankenstein', 55, 2, 1818, 7.99, 'en', 'A student makes a man, and runs away from him.'),
    ('Moby-Dick', 56, 2, 1851, 10.99, 'en', 'A whale, a captain, and everything there is to know about both.'),
    ('Jane Eyre', 57, 2, 1847, 8.99, 'en', 'A governess, a locked attic, and a heart that will be nobody’s inferior.'),
    ('Animal Farm', 58, 2, 1945, 6.99, 'en', 'The animals take over Manor Farm; the pigs learn to walk upright.'),
    ('Nineteen Eighty-Four', 58, 2, 1949, 8.99, 'en', 'Winston Smith corrects old newspapers, buys a diary and falls in love.'),
    ('A Wizard of Earthsea', 59, 1, 1968, 9.99, 'en', 'A goatherd with a gift calls up a shadow, and has to learn its name.'),
    ('The Left Hand of Darkness', 59, 1, 1969, 10.99, 'en', 'An envoy crosses the ice of a winter planet whose people are neither men nor women.'),
    ('The Dispossessed', 59, 1, 1974, 10.99, 'en', 'A physicist leaves an anarchist moon for the rich world it once fled.'),
    ('Purple Hibiscus', 60, 1, 2003, 10.5, 'en', 'Kambili learns at her aunt’s crowded table that a house may be loud and kind.'),
    ('Half of a Yellow Sun', 60, 1, 2006, 11.5, 'en', 'Twin sisters, a houseboy and an Englishman live through the war of Biafra.'),
    ('Americanah', 60, 1, 2013, 11.99, 'en', 'Ifemelu goes to America, where she becomes black, and comes home to Lagos.'),
    ('A Grain of Wheat', 61, 1, 1967, 9.99, 'en', 'Days before Kenya’s independence a village looks for the one who betrayed its hero.'),
    ('Petals of Blood', 61, 1, 1977, NULL, 'en', NULL),
    ('موسم الهجرة إلى الشمال', 62, 13, 1966, 8.7, 'ar', 'يعود الراوي إلى قريته عند منحنى النيل فيجد فيها غريبًا يخفي سرًّا.'),
    ('Season of Migration to the North', 62, 1, 1966, 9.5, 'en', 'A student comes home from London to his village on the Nile, and meets a stranger who quotes English poetry.'),
    ('رباعیات خیام', 63, 13, NULL, 7.3, 'fa', NULL),
    ('La Divina Commedia', 64, 8, NULL, 18, 'it', 'Nel mezzo del cammin di nostra vita: inferno, purgatorio, paradiso.'),
    ('L’amica geniale', 65, 8, 2011, 14, 'it', NULL),
    ('My Brilliant Friend', 65, 1, 2011, 11.99, 'en', 'Two girls in a poor quarter of Naples are each other’s measure for life.'),
    ('ألف ليلة وليلة', NULL, 13, NULL, 22, 'ar', 'شهرزاد تحكي لتعيش ليلة أخرى.'),
    ('The Thousand and One Nights', NULL, 2, NULL, 19.99, 'en', 'A bride tells stories until the morning, for a thousand mornings.'),
    ('Beowulf', NULL, 2, NULL, 8.99, 'en', 'A hall, a monster, its mother, and fifty years later a dragon.'),
    ('The Epic of Gilgamesh', NULL, 3, NULL, 5.99, 'en', 'A king loses his friend and goes to the end of the world to learn why people die.');

-- Twelve digits beginning 9799 and their check digit; every ninth book has none.
WITH RECURSIVE
    place (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM place WHERE n < 12),
    stem (id, digits) AS (
        SELECT id, printf('9799%04d%04d', publisher_id * 523 + 17, id * 37)
        FROM books WHERE id % 9 <> 4
    ),
    total (id, digits, weighed) AS (
        SELECT id, digits, sum(substr(digits, n, 1) * iif(n % 2, 1, 3)) FROM stem, place GROUP BY id
    )
UPDATE books
SET isbn = total.digits || ((10 - total.weighed % 10) % 10)
FROM total WHERE total.id = books.id;

-- --- customers --------------------------------------------------------------------------------

-- draw is a stream of numbers: x -> 48271 x mod 2^31-1. Of every hundred customers those whose
-- number is below `upto`, and not below the country before, live in that country. Where a word has
-- letters a mail address cannot have, its spelling there follows the equals sign.
WITH RECURSIVE
    draw (i, r) AS (
        VALUES (1, 1611719)
        UNION ALL SELECT i + 1, r * 48271 % 2147483647 FROM draw WHERE i < 300
    ),
    land (upto, country, pattern, firsts, lasts, cities) AS (VALUES
        (14, 'United Kingdom', 'F L', '["Emma","Oliver","Aisha","George","Imogen","Rhys","Callum","Priya"]', '["Clarke","Hughes","MacLeod","O’Connor=oconnor","Patel","Thompson","Wright","Begum"]', '["Bristol","Leeds","Glasgow","Cardiff"]'),
        (26, 'Germany', 'F L', '["Anna","Lukas","Jürgen=juergen","Katharina","Sönke=soenke","Miriam","Felix","Grete"]', '["Schmidt","Weber","Müller=mueller","Brandt","Hoffmann","Jäger=jaeger","Vogel","Lange"]', '["Hamburg","Berlin","Köln","Leipzig"]'),
        (35, 'France', 'F L', '["Camille","Hugo","Élodie=elodie","Mathieu","Zoé=zoe","Antoine","Inès=ines","Jérôme=jerome"]', '["Lefèvre=lefevre","Moreau","Garnier","Dubois","Benali","Rousseau","Fontaine","Le Goff=legoff"]', '["Nantes","Lyon","Marseille","Lille"]'),
        (42, 'Spain', 'F L', '["Lucía=lucia","Javier","Nuria","Álvaro=alvaro","Carmen","Iker","Begoña=begona","Sergio"]', '["García=garcia","Ruiz","Peña=pena","Navarro","Ibáñez=ibanez","Castro","Vidal","Muñoz=munoz"]', '["Cádiz","Madrid","Bilbao","Valencia"]'),
        (49, 'Italy', 'F L', '["Chiara","Matteo","Giulia","Niccolò=niccolo","Francesca","Davide","Noemi","Lorenzo"]', '["Rossi","Ferrari","Conti","Marchetti","De Luca=deluca","Parodi","Greco","Bruno"]', '["Genova","Torino","Napoli","Bologna"]'),
        (55, 'United States', 'F L', '["Grace","Marcus","Olivia","Ethan","Naomi","Carlos","Hannah","Tyrone"]', '["Johnson","Nguyen","Kowalczyk","Rivera","Bennett","Washington","Goldberg","Lee"]', '["Portland","Baltimore","New Orleans","Chicago"]'),
        (61, 'Japan', 'L F', '["美咲=misaki","健太=kenta","陽子=yoko","大輔=daisuke","さくら=sakura","翔=sho","直美=naomi","一郎=ichiro"]', '["田中=tanaka","佐藤=sato","鈴木=suzuki","高橋=takahashi","渡辺=watanabe","中村=nakamura","小林=kobayashi","森=mori"]', '["横浜","東京","大阪","札幌"]'),
        (66, 'Brazil', 'F L', '["João=joao","Beatriz","Thiago","Luísa=luisa","Caetano","Mariana","Inácio=inacio","Débora=debora"]', '["Silva","Araújo=araujo","Moreira","Gonçalves=goncalves","Nogueira","Barbosa","Assunção=assuncao","Teixeira"]', '["São Paulo","Recife","Salvador","Porto Alegre"]'),
        (70, 'Mexico', 'F L', '["Ximena","Diego","Guadalupe","Emiliano","Fernanda","Raúl=raul","Valeria","Andrés=andres"]', '["Hernández=hernandez","Ramírez=ramirez","Flores","Ortega","Salinas","Gutiérrez=gutierrez","Mendoza","Vázquez=vazquez"]', '["Guadalajara","Oaxaca","Ciudad de México","Mérida"]'),
        (74, 'Egypt', 'F L', '["أحمد=ahmed","منى=mona","يوسف=youssef","سلمى=salma","كريم=karim","ليلى=laila","طارق=tarek","هبة=heba"]', '["حسن=hassan","إبراهيم=ibrahim","منصور=mansour","فؤاد=fouad","سالم=salem","عثمان=osman","شاهين=shahin","نصار=nassar"]', '["الإسكندرية","القاهرة","أسوان"]'),
        (78, 'Poland', 'F L', '["Zofia","Michał=michal","Agnieszka","Paweł=pawel","Łucja=lucja","Tomasz","Małgorzata=malgorzata","Kuba"]', '["Nowak","Wójcik=wojcik","Mazur","Zając=zajac","Kaczmarek","Wróbel=wrobel","Dudek","Sikora"]', '["Gdańsk","Kraków","Łódź"]'),
        (82, 'Sweden', 'F L', '["Astrid","Björn=bjorn","Maja","Åke=ake","Linnéa=linnea","Oskar","Elin","Göran=goran"]', '["Lindqvist","Åberg=aberg","Nyström=nystrom","Bergman","Sjöberg=sjoberg","Holm","Ekström=ekstrom","Dahl"]', '["Göteborg","Malmö","Umeå"]'),
        (86, 'India', 'F L', '["Ananya","Arjun","Meera","Rohan","Kavya","Vikram","Sunita","Debashis"]', '["Banerjee","Iyer","Sharma","Nair","Das","Kulkarni","Rao","Chatterjee"]', '["Kolkata","Mumbai","Kochi","Chennai"]'),
        (89, 'Nigeria', 'F L', '["Ngozi","Emeka","Yetunde","Tunde","Amaka","Ibrahim","Zainab","Olu"]', '["Okafor","Adeyemi","Bello","Eze","Balogun","Nwosu","Musa","Ogunleye"]', '["Lagos","Ibadan","Enugu","Kano"]'),
        (92, 'Turkey', 'F L', '["Zeynep","Emre","Elif","Kerem","Ayşe=ayse","Mert","Defne","Çağlar=caglar"]', '["Yılmaz=yilmaz","Demir","Çelik=celik","Kaya","Öztürk=ozturk","Şahin=sahin","Aydın=aydin","Arslan"]', '["İzmir","İstanbul","Ankara"]'),
        (95, 'South Korea', 'LF', '["서연=seoyeon","민준=minjun","지우=jiwoo","하은=haeun","도윤=doyun","수빈=subin","현우=hyunwoo","예린=yerin"]', '["김=kim","이=lee","박=park","최=choi","정=jung","강=kang","윤=yoon","한=han"]', '["부산","서울","대구"]'),
        (98, 'China', 'LF', '["伟=wei","芳=fang","静怡=jingyi","浩然=haoran","雪=xue","子涵=zihan","明=ming","晓梅=xiaomei"]', '["王=wang","李=li","张=zhang","陈=chen","刘=liu","林=lin","周=zhou","黄=huang"]', '["上海","广州","成都"]'),
        (100, 'Kazakhstan', 'F L', '["Айгүл=aigul","Ерлан=erlan","Динара=dinara","Тимур=timur","Әсел=asel","Данияр=daniyar","Мадина=madina","Руслан=ruslan"]', '["Оспан=ospan","Серікбай=serikbai","Қасым=kassym","Нұрлан=nurlan","Жүсіп=zhusip","Сейіт=seiit","Әлімжан=alimzhan","Бекмұрат=bekmurat"]', '["Алматы","Астана","Шымкент"]')
    ),
    -- Which of the country's 64 names: each at most once, in no order a reader would notice.
    settler (i, r, land, mix) AS (
        SELECT i, r, min(upto),
               (row_number() OVER (PARTITION BY min(upto) ORDER BY i) * 37 + 11) % 64
        FROM draw JOIN land ON r % 100 < upto GROUP BY i
    ),
    named (i, r, country, pattern, first, last, city) AS (
        SELECT i, r, country, pattern,
               json_extract(firsts, '$[' || (mix % 8) || ']'),
               json_extract(lasts, '$[' || (mix / 8) || ']'),
               json_extract(cities, '$[' || (r / 100 % json_array_length(cities)) || ']')
        FROM settler JOIN land ON land.upto = settler.land
    ),
    spelt (i, r, country, city, pattern, first, last, first_mail, last_mail) AS (
        SELECT i, r, country, city, pattern,
               substr(first, 1, instr(first || '=', '=') - 1),
               substr(last, 1, instr(last || '=', '=') - 1),
               lower(substr(first, instr(first, '=') + 1)),
               lower(substr(last, instr(last, '=') + 1))
        FROM named
    )
INSERT INTO customers (id, name, email, city, country, joined)
SELECT i,
       CASE pattern
           WHEN 'F L' THEN first || ' ' || last
           WHEN 'L F' THEN last || ' ' || first
           ELSE last || first
       END,
       CASE r / 7 % 25
           WHEN 0 THEN NULL
           WHEN 1 THEN last_mail || '.' || first_mail || '@example.net'
           WHEN 2 THEN substr(first_mail, 1, 1) || last_mail || '@example.net'
           ELSE first_mail || '.' || last_mail || iif(r / 11 % 3, '@example.com', '@example.org')
       END,
       iif(r / 13 % 40, city, NULL),
       country,
       date('2019-03-01', '+' || ((i - 1) * 81 / 10 + r / 17 % 7) || ' days')
FROM spelt;

-- --- orders -----------------------------------------------------------------------------------

-- The later of two days drawn, so that trade grows over the years. Early customers order most.
WITH RECURSIVE
    draw (i, r, s) AS (
        VALUES (1, 20190301, 74207281)
        UNION ALL
        SELECT i + 1, r * 48271 % 2147483647, s * 69621 % 2147483647 FROM draw WHERE i < 1200
    ),
    moment (r, s, day, second) AS (
        SELECT r, s, 14 + max(r % 2481, s % 2481), 7 * 3600 + r / 2481 % 57600 FROM draw
    ),
    stamped (id, r, s, stamp) AS (
        SELECT row_number() OVER (ORDER BY day, second, r), r, s,
               strftime('%Y-%m-%dT%H:%M:%SZ', '2019-03-01',
                   '+' || day || ' days', '+' || second || ' seconds')
        FROM moment
    ),
    known (id, r, s, stamp, customers) AS (
        SELECT id, r, s, stamp, (SELECT count(*) FROM customers WHERE joined < stamp) FROM stamped
    )
INSERT INTO orders (id, customer_id, ordered_at, status)
SELECT id,
       1 + (s / 100 % customers) * (500 + r / 1000 % 501) / 1000,
       stamp,
       CASE
           WHEN s % 100 < 4 THEN 'cancelled'
           WHEN id > 1194 THEN 'pending'
           WHEN id > 1187 THEN 'paid'
           WHEN id > 1172 THEN 'shipped'
           WHEN s % 100 < 7 THEN 'returned'
           ELSE 'delivered'
       END
FROM known;

-- One to six books an order, half of them in the language of the customer's country, most of the
-- others in English. What stands in front on its shelf sells best: see the curve of u at the end.
WITH RECURSIVE
    draw (i, r) AS (
        VALUES (0, 31415926)
        UNION ALL SELECT i + 1, r * 48271 % 2147483647 FROM draw WHERE i < 7199
    ),
    reads (country, language) AS (VALUES
        ('Germany', 'de'), ('France', 'fr'), ('Spain', 'es'), ('Mexico', 'es'), ('Italy', 'it'),
        ('Japan', 'ja'), ('Brazil', 'pt'), ('Egypt', 'ar'), ('Poland', 'pl'), ('Sweden', 'sv'),
        ('Turkey', 'tr'), ('South Korea', 'ko'), ('China', 'zh'), ('Kazakhstan', 'ru')
    ),
    shelf (language, place, book_id, price) AS (
        SELECT language, row_number() OVER (PARTITION BY language ORDER BY id * 96 % 179), id, price
        FROM books WHERE price IS NOT NULL
        UNION ALL
        SELECT '*', row_number() OVER (ORDER BY id * 96 % 179), id, price
        FROM books WHERE price IS NOT NULL
    ),
    width (language, size) AS (SELECT language, count(*) FROM shelf GROUP BY language),
    line (order_id, ordered_at, r, u, language) AS (
        SELECT o.id, o.ordered_at, d.r, d.r / 10 % 10007,
               CASE
                   WHEN d.r % 10 < 5 THEN coalesce(reads.language, 'en')
                   WHEN d.r % 10 < 9 THEN 'en'
                   ELSE '*'
               END
        FROM draw AS d
        JOIN orders AS o ON o.id = 1 + d.i / 6
        JOIN customers AS c ON c.id = o.customer_id
        LEFT JOIN reads ON reads.country = c.country
        WHERE d.i % 6 < CASE
            WHEN o.id * 7919 % 1009 < 300 THEN 1
            WHEN o.id * 7919 % 1009 < 590 THEN 2
            WHEN o.id * 7919 % 1009 < 800 THEN 3
            WHEN o.id * 7919 % 1009 < 920 THEN 4
            WHEN o.id * 7919 % 1009 < 980 THEN 5
            ELSE 6
        END
    )
INSERT INTO order_items (order_id, book_id, quantity, unit_price)
SELECT l.order_id, s.book_id,
       max(CASE
           WHEN l.r / 100 % 400 = 0 THEN 24
           WHEN l.r / 100 % 50 = 1 THEN 3
           WHEN l.r / 100 % 9 = 2 THEN 2
           ELSE 1
       END),
       -- Prices have risen by two per cent of today's a year.
       round(s.price * (100 - 2 * (2025 - substr(l.ordered_at, 1, 4))) / 100, 2)
FROM line AS l
JOIN width AS w ON w.language = l.language
JOIN shelf AS s ON s.language = l.language
    AND s.place = 1 + w.size * l.u * (3 * l.u + 10007) / (4 * 10007 * 10007)
GROUP BY l.order_id, s.book_id;

-- --- reviews ----------------------------------------------------------------------------------

-- Eight hundred of the books delivered, reviewed by those who bought them: an opening, a middle and
-- a closing that suit the stars, or a sentence in the customer's own language, or no words at all.
WITH RECURSIVE
    draw (i, r) AS (
        VALUES (1, 27182818)
        UNION ALL SELECT i + 1, r * 48271 % 2147483647 FROM draw WHERE i < 800
    ),
    phrase (mood, opening, middle, closing) AS (VALUES
        ('good', '["I read this in two evenings and then started again.","Bought for a train journey; missed my stop.","My grandmother’s favourite, and now mine.","One of those rare books that live up to their fame.","I had put off {t} for years. Foolish.","Our reading group argued about it until midnight.","The third copy I have bought: I keep giving it away.","A quiet book that would not leave me alone.","I came for the story and stayed for the sentences.","A few pages a night, so that it would last.","What a book!","{t} was a birthday present to myself."]',
            '["The first fifty pages ask for patience and repay it.","The people in it feel closer than some of my neighbours.","Nearly every page has a line worth copying out.","Funny in places where I did not expect to laugh.","The notes at the back are excellent.","Sadder than I remembered, and better.","Nobody had told me how modern it is.","I underlined half of it.","",""]',
            '["Warmly recommended.","Now looking for everything else by {a}.","Paper and print are lovely too.","Best read slowly. ☕","Came in three days, well wrapped.","Keep tissues at hand. 😭","❤️📚","Thank you, little shop by the harbour. ⚓","","","",""]'),
        ('fair', '["Glad to have read it; not sure I would do so again.","Half of it is wonderful.","More admired than loved.","A good book in a mediocre edition.","Slower than I had hoped.","I liked the beginning of {t} very much.","My daughter loved it, I did not."]',
            '["The middle drags.","I kept losing track of who is who.","The small print tired my eyes.","Perhaps I am too old for it, or too young.","There are passages I would not miss, and pages I skipped.",""]',
            '["Worth borrowing.","Will try again in winter.","A star more for the ending. 🙂","","",""]'),
        ('poor', '["Gave up at page 80.","Not for me.","I wanted to like {t}.","The spine broke on the first day.","Expected more after all that praise.","Had to read it at school, and nothing has changed."]',
            '["Everyone talks and nothing happens.","The print is far too small.","My copy lacks pages 113 to 128.","I know it is a classic; I was bored all the same.",""]',
            '["Sorry.","It went to the charity shop.","😴","The shop was kind about it, though.","",""]')
    ),
    native (country, mood, body) AS (VALUES
        ('Germany', 'good', '["Ein Buch, das man nicht mehr vergisst.","Wunderbar. Ich habe es an einem Wochenende gelesen.","Schöne Ausgabe, schnell geliefert, gern wieder! 📚","Zum dritten Mal gelesen und immer noch Neues gefunden."]'),
        ('Germany', 'fair', '["Ganz ordentlich, aber mit Längen.","Die erste Hälfte ist stark, die zweite weniger."]'),
        ('Germany', 'poor', '["Leider gar nicht mein Fall.","Nach hundert Seiten aufgegeben."]'),
        ('France', 'good', '["Un chef-d’œuvre, tout simplement.","Lu d’une traite, relu aussitôt.","À mettre entre toutes les mains ❤️","Une langue magnifique, une très belle édition."]'),
        ('France', 'fair', '["Quelques longueurs, mais de belles pages.","Intéressant, sans plus."]'),
        ('France', 'poor', '["Un ennui du début à la fin.","Quelle déception : les caractères sont minuscules."]'),
        ('Spain', 'good', '["¡Imprescindible!","Lo leí de un tirón. Una maravilla.","Volveré a leerlo cada pocos años."]'),
        ('Spain', 'fair', '["Está bien, aunque esperaba algo más.","Me gustó a ratos."]'),
        ('Spain', 'poor', '["No pude terminarlo.","Se me hizo eterno 😴"]'),
        ('Mexico', 'good', '["Qué belleza de libro.","Se lo regalé a mi mamá y no me lo ha devuelto 😂","Llegó rápido y muy bien empacado. El libro, una joya."]'),
        ('Mexico', 'fair', '["Bueno, pero un poco lento."]'),
        ('Mexico', 'poor', '["La verdad, no me atrapó."]'),
        ('Italy', 'good', '["Bellissimo, da leggere almeno due volte.","Un classico che non invecchia.","Consegna veloce e libro splendido. 👏"]'),
        ('Italy', 'fair', '["Bello, ma a tratti faticoso."]'),
        ('Italy', 'poor', '["Arrivare in fondo è stata una fatica."]'),
        ('Japan', 'good', '["一気に読みました。素晴らしい作品です。","何度読んでも新しい発見があります。","静かで美しい本でした。🌸","友人にもすすめたいと思います。"]'),
        ('Japan', 'fair', '["悪くはないのですが、少し長く感じました。"]'),
        ('Japan', 'poor', '["私には合いませんでした。"]'),
        ('Brazil', 'good', '["Livro maravilhoso, li em dois dias.","Um clássico de verdade. Recomendo! 👏👏","Chorei no ônibus e não me arrependo 😭"]'),
        ('Brazil', 'fair', '["Bom, mas esperava mais."]'),
        ('Brazil', 'poor', '["Não consegui passar da metade."]'),
        ('Egypt', 'good', '["رواية لا تُنسى، أنصح بها بشدة.","قرأته في ليلتين ثم أعدت قراءته.","طبعة جميلة ووصل الكتاب بسرعة 🌹"]'),
        ('Egypt', 'fair', '["كتاب جيد لكن البداية بطيئة."]'),
        ('Egypt', 'poor', '["لم يعجبني للأسف."]'),
        ('Poland', 'good', '["Arcydzieło. Czyta się jednym tchem.","Piękne wydanie, szybka wysyłka.","Wracam do tej książki co kilka lat."]'),
        ('Poland', 'fair', '["Dobra, choć miejscami nuży."]'),
        ('Poland', 'poor', '["Nie do przebrnięcia."]'),
        ('Sweden', 'good', '["En bok att återvända till.","Underbar! Köpte ett exemplar till min syster också. ❤️","Snabb leverans och en fantastisk bok."]'),
        ('Sweden', 'fair', '["Helt okej, lite lång."]'),
        ('Sweden', 'poor', '["Inget för mig."]'),
        ('Turkey', 'good', '["Elimden bırakamadım, mutlaka okuyun.","Muhteşem bir kitap, baskısı da çok güzel."]'),
        ('Turkey', 'fair', '["Güzel ama biraz ağır ilerliyor."]'),
        ('South Korea', 'good', '["오래 기억에 남을 책입니다.","단숨에 읽었어요. 추천합니다! 😊"]'),
        ('South Korea', 'fair', '["조금 지루한 부분도 있었어요."]'),
        ('China', 'good', '["一口气读完，非常推荐。","经典就是经典，每次读都有新的感受。👍"]'),
        ('China', 'poor', '["有点失望，读不下去。"]'),
        ('Kazakhstan', 'good', '["Оторваться невозможно. Шедевр!","Отличное издание, доставили быстро."]'),
        ('Kazakhstan', 'fair', '["Местами затянуто, но прочесть стоит."]')
    ),
    bought (book_id, customer_id, ordered_at) AS (
        SELECT i.book_id, o.customer_id, min(o.ordered_at)
        FROM order_items AS i JOIN orders AS o ON o.id = i.order_id
        WHERE o.status = 'delivered' AND o.ordered_at < '2025-10-20'
        GROUP BY i.book_id, o.customer_id
    ),
    chosen (i, book_id, customer_id, ordered_at) AS (
        SELECT row_number() OVER (
                   ORDER BY (book_id * 7919 + customer_id * 104729) % 65537, book_id, customer_id), *
        FROM bought
    ),
    rated (book_id, customer_id, r, created_at, stars) AS (
        SELECT book_id, customer_id, r,
               strftime('%Y-%m-%dT%H:%M:%SZ', ordered_at,
                   '+' || (5 + r % 60) || ' days', '+' || (r / 60 % 40000) || ' seconds'),
               CASE
                   WHEN r / 64 % 100 < 38 + book_id % 7 * 2 THEN 5
                   WHEN r / 64 % 100 < 74 THEN 4
                   WHEN r / 64 % 100 < 88 THEN 3
                   WHEN r / 64 % 100 < 95 THEN 2
                   ELSE 1
               END
        FROM chosen JOIN draw USING (i)
    ),
    moody (book_id, customer_id, r, created_at, stars, mood) AS (
        SELECT *, CASE WHEN stars > 3 THEN 'good' WHEN stars = 3 THEN 'fair' ELSE 'poor' END FROM rated
    ),
    -- Where in each list the words are taken from.
    cut (book_id, customer_id, r, created_at, stars, own, opening, middle, closing) AS (
        SELECT m.book_id, m.customer_id, m.r, m.created_at, m.stars,
               json_extract(n.body, '$[' || (m.r / 768 % json_array_length(n.body)) || ']'),
               json_extract(p.opening, '$[' || (m.r / 131 % json_array_length(p.opening)) || ']'),
               json_extract(p.middle, '$[' || (m.r / 1801 % json_array_length(p.middle)) || ']'),
               json_extract(p.closing, '$[' || (m.r / 25013 % json_array_length(p.closing)) || ']')
        FROM moody AS m
        JOIN phrase AS p ON p.mood = m.mood
        JOIN customers AS c ON c.id = m.customer_id
        LEFT JOIN native AS n ON n.country = c.country AND n.mood = m.mood
    ),
    written (book_id, customer_id, created_at, stars, body) AS (
        SELECT book_id, customer_id, created_at, stars,
               CASE
                   WHEN r / 128 % 6 = 0 THEN NULL
                   WHEN own IS NOT NULL AND r / 128 % 6 < 4 THEN own
                   ELSE trim(trim(opening || ' ' || middle) || ' ' || closing)
               END
        FROM cut
    )
INSERT INTO reviews (id, book_id, customer_id, stars, body, created_at)
SELECT row_number() OVER (ORDER BY w.created_at, w.book_id, w.customer_id),
       w.book_id, w.customer_id, w.stars,
       replace(replace(w.body, '{t}', b.title), '{a}',
           coalesce(substr(a.name, 1, instr(a.name || ' (', ' (') - 1), 'whoever wrote it')),
       w.created_at
FROM written AS w
JOIN books AS b ON b.id = w.book_id
LEFT JOIN authors AS a ON a.id = b.author_id;

-- --- indexes ----------------------------------------------------------------------------------

CREATE INDEX books_by_author ON books (author_id);
CREATE INDEX books_by_publisher ON books (publisher_id);
CREATE INDEX books_by_year ON books (year);
CREATE INDEX customers_by_country ON customers (country);
CREATE INDEX orders_by_customer ON orders (customer_id, ordered_at);
CREATE INDEX orders_by_time ON orders (ordered_at);
CREATE INDEX order_items_by_book ON order_items (book_id);
CREATE INDEX reviews_by_customer ON reviews (customer_id);
