package demo

import (
	"fmt"

	"github.com/onbu/onbu/modules/export/web/sign"
)

// Password is that of everybody who can sign in.
const Password = "onbu-demo"

// writeUsers writes the file of those who can sign in: anna may give commands, ben may do everything, and guest may only look.
func writeUsers(path string) error {
	hash := sign.Hash(Password, sign.DefaultWork())
	err := sign.Edit(path, func(l *sign.List) error {
		for _, u := range []sign.User{{Name: "anna", Role: sign.Command}, {Name: "ben", Role: sign.Admin}, {Name: "guest", Role: sign.Read}} {
			u.Hash = hash
			if err := l.Put(&u); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("who can sign in: %w", err)
	}
	return nil
}
