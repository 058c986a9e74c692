package history

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

const (
	// pruneEvery is how often it is looked for what is too old or too much.
	pruneEvery = 10 * time.Minute
	// atOnce is how many lines are removed in one transaction: others want to write too.
	atOnce = 5000
)

// Prune removes what is too old or too much, if it is time to look for that. It gives what room there is back to the disk.
func (s *Store) Prune(ctx context.Context, now time.Time) error {
	s.mu.Lock()
	early := !s.pruned.IsZero() && now.Sub(s.pruned) < pruneEvery && now.After(s.pruned)
	if !early {
		s.pruned = now
	}
	s.mu.Unlock()
	if early {
		return nil
	}
	writer, _, err := s.open(ctx)
	if err != nil {
		return err
	}
	if err := s.prune(ctx, writer, now); err != nil {
		return fmt.Errorf("the history %s: removing what is old: %w", s.o.Path, s.found(err, writer))
	}
	return nil
}

func (s *Store) prune(ctx context.Context, db *sql.DB, now time.Time) error {
	for more := true; more; {
		removed, err := remove(ctx, db, now.Add(-s.o.Keep))
		if err != nil {
			return err
		}
		more = removed == atOnce
	}
	for removed := int64(1); removed > 0; {
		size, err := size(ctx, db)
		if err != nil {
			return err
		}
		if size <= s.o.Most {
			break
		}
		if removed, err = remove(ctx, db, time.Unix(1<<33, 0)); err != nil {
			return err
		}
	}
	_, err := db.ExecContext(ctx, "PRAGMA incremental_vacuum")
	return err
}

// remove removes some of the oldest lines before a time.
func remove(ctx context.Context, db *sql.DB, before time.Time) (int64, error) {
	done, err := db.ExecContext(ctx, "DELETE FROM log WHERE (time, hash) IN (SELECT time, hash FROM log WHERE time < ? ORDER BY time, hash LIMIT ?)", before.UnixNano(), atOnce)
	if err != nil {
		return 0, err
	}
	return done.RowsAffected()
}

// size is how many bytes of the file are in use.
func size(ctx context.Context, db *sql.DB) (int64, error) {
	var pages, free, page int64
	err := db.QueryRowContext(ctx, "SELECT (SELECT page_count FROM pragma_page_count), (SELECT freelist_count FROM pragma_freelist_count), (SELECT page_size FROM pragma_page_size)").Scan(&pages, &free, &page)
	return (pages - free) * page, err
}
