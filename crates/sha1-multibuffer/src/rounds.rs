//! The 80 steps of SHA-1 (FIPS 180-4 §6.1.2) for any vector type.
//!
//! Macros, because every step must stay inside functions that have the processor feature: a closure or a generic helper
//! would be compiled without it. The module that uses them has `splat`, `add`, `xor4`, `rotate::<N>`, `choose`,
//! `parity` and `majority` in scope.

/// The constants of the four quarters (FIPS 180-4 §4.2.1).
pub(crate) const K: [u32; 4] = [0x5a82_7999, 0x6ed9_eba1, 0x8f1b_bcdc, 0xca62_c1d6];

/// One step; instead of moving five values along, the caller names them anew.
macro_rules! step {
    ($function:ident, $k:ident, $index:expr, $w:ident, $a:ident, $b:ident, $c:ident, $d:ident, $e:ident) => {{
        const INDEX: usize = $index;
        // The schedule needs the latest sixteen words only, so it goes round in its own place.
        if INDEX >= 16 {
            $w[INDEX % 16] = rotate::<1>(xor4(
                $w[(INDEX + 13) % 16],
                $w[(INDEX + 8) % 16],
                $w[(INDEX + 2) % 16],
                $w[INDEX % 16],
            ));
        }
        // `a` is the newest value: what waits for it comes last.
        let known = add(add(add($k, $w[INDEX % 16]), $e), $function($b, $c, $d));
        $e = add(known, rotate::<5>($a));
        $b = rotate::<30>($b);
    }};
}

/// Five steps, after which every value has its old name again.
macro_rules! five_steps {
    ($function:ident, $k:ident, $index:expr, $w:ident, $a:ident, $b:ident, $c:ident, $d:ident, $e:ident) => {
        step!($function, $k, $index, $w, $a, $b, $c, $d, $e);
        step!($function, $k, $index + 1, $w, $e, $a, $b, $c, $d);
        step!($function, $k, $index + 2, $w, $d, $e, $a, $b, $c);
        step!($function, $k, $index + 3, $w, $c, $d, $e, $a, $b);
        step!($function, $k, $index + 4, $w, $b, $c, $d, $e, $a);
    };
}

/// The twenty steps with one function and one constant.
macro_rules! quarter {
    ($function:ident, $number:literal, $w:ident, $a:ident, $b:ident, $c:ident, $d:ident, $e:ident) => {
        let k = splat($crate::rounds::K[$number]);
        five_steps!($function, k, 20 * $number, $w, $a, $b, $c, $d, $e);
        five_steps!($function, k, 20 * $number + 5, $w, $a, $b, $c, $d, $e);
        five_steps!($function, k, 20 * $number + 10, $w, $a, $b, $c, $d, $e);
        five_steps!($function, k, 20 * $number + 15, $w, $a, $b, $c, $d, $e);
    };
}

/// All steps, from the five values and the sixteen words of the block, which are used up.
macro_rules! all_steps {
    ($w:ident, $a:ident, $b:ident, $c:ident, $d:ident, $e:ident) => {
        quarter!(choose, 0, $w, $a, $b, $c, $d, $e);
        quarter!(parity, 1, $w, $a, $b, $c, $d, $e);
        quarter!(majority, 2, $w, $a, $b, $c, $d, $e);
        quarter!(parity, 3, $w, $a, $b, $c, $d, $e);
    };
}
