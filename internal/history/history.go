// Package history knows what happened: the lines of the log, kept in one SQLite file beside the broker, with a bound on their age
// and on the size of the file. What a brok has to say for the log another package knows.
package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/logline"
)

// Options says what to keep where.
type Options struct {
	// Path is that of the file; its folder is made if it is missing.
	Path string
	// Keep is how long a line is kept, and Most how many bytes the file may have; the oldest lines go first.
	Keep time.Duration
	Most int64
	// Wants says which lines are kept; nil keeps all.
	Wants func(*logline.Line) bool
	Log   *slog.Logger
}

// Store is a history. Any goroutine may use it.
type Store struct {
	o Options

	mu     sync.Mutex // guards everything that follows, and opening
	writer *sql.DB    // nil until it is open
	reader *sql.DB
	pruned time.Time
}

// schema is what the file holds. The key of a line is its time and a hash of what it says: a brok that comes twice is one line.
// Output and comment are there where the message does not say them.
const schema = `
CREATE TABLE IF NOT EXISTS log (
	time    INTEGER NOT NULL, -- nanoseconds since 1970
	hash    INTEGER NOT NULL,
	class   INTEGER NOT NULL,
	host    TEXT NOT NULL,
	service TEXT NOT NULL,
	message TEXT NOT NULL,
	output  TEXT,
	comment TEXT,
	PRIMARY KEY (time, hash)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS log_host ON log (host, time);
PRAGMA user_version = 1;`

// version is that of the schema.
const version = 1

// readers bounds how many queries read at once.
const readers = 4

// New prepares a history; the file is opened when it is needed.
func New(o Options) *Store { return &Store{o: o} }

// Close closes the file. The history opens it again when it is needed.
func (s *Store) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closeLocked()
}

func (s *Store) closeLocked() {
	if s.writer != nil {
		s.reader.Close()
		s.writer.Close()
		s.writer, s.reader = nil, nil
	}
}

// open gives the file, open. One that is damaged is put aside, and an empty one takes its place.
func (s *Store) open(ctx context.Context) (writer, reader *sql.DB, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.writer != nil {
		return s.writer, s.reader, nil
	}
	err = s.openLocked(ctx)
	if damaged(err) {
		s.putAsideLocked(err)
		err = s.openLocked(ctx)
	}
	if err != nil {
		s.closeLocked()
		return nil, nil, fmt.Errorf("the history %s: %w", s.o.Path, err)
	}
	return s.writer, s.reader, nil
}

func (s *Store) openLocked(ctx context.Context) error {
	s.closeLocked()
	if err := os.MkdirAll(filepath.Dir(s.o.Path), 0o750); err != nil {
		return err
	}
	var err error
	if s.writer, err = sql.Open("sqlite", s.source("_txlock=immediate", "_pragma=auto_vacuum(INCREMENTAL)", "_pragma=journal_mode(WAL)", "_pragma=synchronous(FULL)")); err != nil {
		return err
	}
	s.writer.SetMaxOpenConns(1)
	if s.reader, err = sql.Open("sqlite", s.source("_pragma=query_only(1)")); err != nil {
		return err
	}
	s.reader.SetMaxOpenConns(readers)
	var found int
	if err := s.writer.QueryRowContext(ctx, "PRAGMA user_version").Scan(&found); err != nil {
		return err
	}
	if found > version {
		return fmt.Errorf("a newer Onbu wrote it (version %d; this one knows %d): name another file", found, version)
	}
	if _, err := s.writer.ExecContext(ctx, schema); err != nil {
		return err
	}
	for _, name := range []string{"who", "answer"} {
		if err := addColumn(ctx, s.writer, name); err != nil {
			return err
		}
	}
	return nil
}

// addColumn gives a file of an older release a column: who was behind a line, or what he was told. Older releases read and write such a
// file too.
func addColumn(ctx context.Context, db *sql.DB, name string) error {
	var there bool
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM pragma_table_info('log') WHERE name = ?", name).Scan(&there); err != nil || there {
		return err
	}
	_, err := db.ExecContext(ctx, "ALTER TABLE log ADD COLUMN "+name+" TEXT")
	return err
}

// source names the file with its settings, as the driver wants it.
func (s *Store) source(settings ...string) string {
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: s.o.Path}).EscapedPath(), RawQuery: "_pragma=busy_timeout(10000)"}
	for _, setting := range settings {
		u.RawQuery += "&" + setting
	}
	return u.String()
}

// damaged says whether an error means that the file cannot be read any more.
func damaged(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	code := e.Code() & 0xff // without what it says besides
	return code == sqlite3.SQLITE_CORRUPT || code == sqlite3.SQLITE_NOTADB
}

// putAsideLocked renames a damaged file, so that somebody may look at it; an older one of its kind goes.
func (s *Store) putAsideLocked(why error) {
	s.closeLocked()
	aside := s.o.Path + ".damaged"
	err := os.Rename(s.o.Path, aside)
	for _, part := range []string{"-wal", "-shm"} {
		if moved := os.Rename(s.o.Path+part, aside+part); moved != nil && !errors.Is(moved, os.ErrNotExist) {
			err = errors.Join(err, moved)
		}
	}
	s.o.Log.Error("the history is damaged: it is put aside, and an empty one begins", "file", s.o.Path, "aside", aside, "error", why)
	if err != nil {
		s.o.Log.Error("the damaged history cannot be put aside", "file", s.o.Path, "error", err)
	}
}

// found puts the file aside if an error says that it is damaged, unless that has happened already.
func (s *Store) found(err error, in *sql.DB) error {
	if !damaged(err) {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if in == s.writer || in == s.reader {
		s.putAsideLocked(err)
	}
	return err
}

// Add keeps the lines that broks are, those that are wanted. It returns when they are on the disk. Broks may come again.
func (s *Store) Add(ctx context.Context, broks []monitor.Brok) error {
	lines := make([]logline.Line, 0, len(broks))
	for i := range broks {
		if l, ok := logline.Of(&broks[i]); ok && (s.o.Wants == nil || s.o.Wants(&l)) {
			lines = append(lines, l)
		}
	}
	if len(lines) == 0 {
		return nil
	}
	writer, _, err := s.open(ctx)
	if err != nil {
		return err
	}
	if err := insert(ctx, writer, lines); err != nil {
		return fmt.Errorf("the history %s: %w", s.o.Path, s.found(err, writer))
	}
	return nil
}

func insert(ctx context.Context, db *sql.DB, lines []logline.Line) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to roll back
	add, err := tx.PrepareContext(ctx, "INSERT OR IGNORE INTO log (time, hash, class, host, service, message, output, comment, who, answer) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
	if err != nil {
		return err
	}
	defer add.Close()
	for i := range lines {
		l := &lines[i]
		var output, comment any
		if said := logline.Parse(l.Message); said.Output != l.Output || said.Comment != l.Comment {
			output, comment = l.Output, l.Comment
		}
		if _, err := add.ExecContext(ctx, int64(l.Time), hash(l), l.Class, l.Host, l.Service, l.Message, output, comment, orNull(l.By), orNull(l.Answer)); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// orNull keeps nothing of an empty text.
func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// hash tells lines of one time apart.
func hash(l *logline.Line) int64 {
	h := fnv.New64a()
	for _, part := range []string{l.Message, l.Output, l.Comment} {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	return int64(h.Sum64())
}
