// The routes of the comparison in Go: net/http, database/sql and go-sqlite3, prepared statements.
// What writes has a connection of its own, opened by the first insert: one can write at a time.
//
//	go-peer DATABASE PORT CONNECTIONS
//
// No context is given to the queries: go-sqlite3 would start a goroutine for each to watch it.
// Answers are encoded whole, so they have a length and are sent in one piece.
package main

import (
	"database/sql"
	"encoding/json"
	"errors"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"sync"

	_ "github.com/mattn/go-sqlite3"
)

const (
	pointSQL = "SELECT id, title, author, year, price FROM books WHERE id = ?"
	listSQL  = "SELECT id, title, author, year, price FROM books WHERE id > ? ORDER BY id LIMIT 100"
	embedSQL = "SELECT w.id, w.name, w.country, k.id, k.title, k.year " +
		"FROM (SELECT id, name, country FROM writers WHERE id > ? ORDER BY id LIMIT 100) w " +
		"LEFT JOIN works k ON k.writer_id = w.id ORDER BY w.id, k.id"
	pageRows  = 100
	insertSQL = "INSERT INTO log(text) VALUES (?)"
)

type book struct {
	ID     int64   `json:"id"`
	Title  string  `json:"title"`
	Author string  `json:"author"`
	Year   int64   `json:"year"`
	Price  float64 `json:"price"`
}

type work struct {
	ID    int64  `json:"id"`
	Title string `json:"title"`
	Year  int64  `json:"year"`
}

type writer struct {
	ID      int64  `json:"id"`
	Name    string `json:"name"`
	Country string `json:"country"`
	Works   []work `json:"works"`
}

type entry struct {
	Text string `json:"text"`
}

type shop struct {
	path               string
	point, list, embed *sql.Stmt
	writing            sync.Once
	insert             *sql.Stmt
	insertErr          error // why there is none
}

func open(path string, connections int) (*shop, error) {
	query := url.Values{
		"mode":        {"ro"},
		"_mutex":      {"no"},
		"_query_only": {"1"},
	}
	db, err := sql.Open("sqlite3", "file:"+path+"?"+query.Encode())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	s := &shop{path: path}
	if s.point, err = db.Prepare(pointSQL); err != nil {
		return nil, err
	}
	if s.list, err = db.Prepare(listSQL); err != nil {
		return nil, err
	}
	if s.embed, err = db.Prepare(embedSQL); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *shop) openWriter() {
	query := url.Values{
		"mode":         {"rw"},
		"_mutex":       {"no"},
		"_journal":     {"WAL"},
		"_synchronous": {"FULL"},
		"_timeout":     {"5000"},
	}
	db, err := sql.Open("sqlite3", "file:"+s.path+"?"+query.Encode())
	if err != nil {
		s.insertErr = err
		return
	}
	db.SetMaxOpenConns(1)
	s.insert, s.insertErr = db.Prepare(insertSQL)
}

func answer(w http.ResponseWriter, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	header := w.Header()
	header["Content-Type"] = []string{"application/json"}
	header["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	w.Write(body)
}

func (s *shop) getPoint(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.URL.Path[len("/point/"):], 10, 64)
	if err != nil {
		http.Error(w, "id must be an integer", http.StatusBadRequest)
		return
	}
	var b book
	err = s.point.QueryRow(id).Scan(&b.ID, &b.Title, &b.Author, &b.Year, &b.Price)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		http.Error(w, "no such book", http.StatusNotFound)
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	default:
		answer(w, http.StatusOK, &b)
	}
}

func (s *shop) page(offset int64) ([]book, error) {
	rows, err := s.list.Query(offset)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	books := make([]book, 0, pageRows)
	for rows.Next() {
		var b book
		if err := rows.Scan(&b.ID, &b.Title, &b.Author, &b.Year, &b.Price); err != nil {
			return nil, err
		}
		books = append(books, b)
	}
	return books, rows.Err()
}

// One join, ordered by writer; works.id is NULL for a writer without works.
func (s *shop) writers(offset int64) ([]writer, error) {
	rows, err := s.embed.Query(offset)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	writers := make([]writer, 0, pageRows)
	for rows.Next() {
		var w writer
		var id, year sql.NullInt64
		var title sql.NullString
		if err := rows.Scan(&w.ID, &w.Name, &w.Country, &id, &title, &year); err != nil {
			return nil, err
		}
		if n := len(writers); n == 0 || writers[n-1].ID != w.ID {
			w.Works = make([]work, 0, 8)
			writers = append(writers, w)
		}
		if id.Valid {
			last := &writers[len(writers)-1]
			last.Works = append(last.Works, work{id.Int64, title.String, year.Int64})
		}
	}
	return writers, rows.Err()
}

func (s *shop) getEmbed(w http.ResponseWriter, r *http.Request) {
	offset, err := strconv.ParseInt(r.URL.Query().Get("offset"), 10, 64)
	if err != nil {
		http.Error(w, "offset must be an integer", http.StatusBadRequest)
		return
	}
	writers, err := s.writers(offset)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	answer(w, http.StatusOK, writers)
}

func (s *shop) getList(w http.ResponseWriter, r *http.Request) {
	offset, err := strconv.ParseInt(r.URL.Query().Get("offset"), 10, 64)
	if err != nil {
		http.Error(w, "offset must be an integer", http.StatusBadRequest)
		return
	}
	books, err := s.page(offset)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	answer(w, http.StatusOK, books)
}

func (s *shop) postLog(w http.ResponseWriter, r *http.Request) {
	var e entry
	if r.Method != http.MethodPost {
		http.Error(w, "POST only", http.StatusMethodNotAllowed)
		return
	}
	if err := json.NewDecoder(r.Body).Decode(&e); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.writing.Do(s.openWriter)
	if s.insertErr != nil {
		http.Error(w, s.insertErr.Error(), http.StatusInternalServerError)
		return
	}
	result, err := s.insert.Exec(e.Text)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	id, err := result.LastInsertId()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	answer(w, http.StatusCreated, map[string]int64{"id": id})
}

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: go-peer DATABASE PORT CONNECTIONS")
	}
	connections, err := strconv.Atoi(os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	s, err := open(os.Args[1], connections)
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/point/", s.getPoint)
	mux.HandleFunc("/list", s.getList)
	mux.HandleFunc("/embed", s.getEmbed)
	mux.HandleFunc("/log", s.postLog)
	log.Fatal(http.ListenAndServe(net.JoinHostPort("127.0.0.1", os.Args[2]), mux))
}
