//! The numbers of the recommendation, by the names of its tables.

/// Half of the quadrature mirror filter's 24 coefficients; the other half is the same backwards (table 11).
pub(super) const QMF: [i32; 12] = [3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11];

/// Decision levels of the lower band's quantiser, 6 bits, by magnitude (table 14, Q6 from its second on).
pub(super) const DECISIONS: [i32; 29] = [
    35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023, 1121, 1219,
    1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919,
];

/// The upper band's only decision level (Q2).
pub(super) const DECISION_HIGH: i32 = 564;

/// What a code of 6 bits stands for (QQ6 with signs); the first four are only met after transmission errors.
pub(super) const LEVELS_6: [i32; 64] = [
    -136, -136, -136, -136, -24_808, -21_904, -19_008, -16_704, -14_984, -13_512, -12_280, -11_192, -10_232,
    -9_360, -8_576, -7_856, -7_192, -6_576, -6_000, -5_456, -4_944, -4_464, -4_008, -3_576, -3_168, -2_776,
    -2_400, -2_032, -1_688, -1_360, -1_040, -728, 24_808, 21_904, 19_008, 16_704, 14_984, 13_512, 12_280,
    11_192, 10_232, 9_360, 8_576, 7_856, 7_192, 6_576, 6_000, 5_456, 4_944, 4_464, 4_008, 3_576, 3_168,
    2_776, 2_400, 2_032, 1_688, 1_360, 1_040, 728, 432, 136, -432, -136,
];

/// What its upper 4 bits stand for: all that the prediction builds on (QQ4).
pub(super) const LEVELS_4: [i32; 16] = [
    0, -20_456, -12_896, -8_968, -6_288, -4_240, -2_584, -1_200, 20_456, 12_896, 8_968, 6_288, 4_240, 2_584,
    1_200, 0,
];

/// What a code of the upper band stands for (QQ2).
pub(super) const LEVELS_2: [i32; 4] = [-7_408, -1_616, 7_408, 1_616];

/// How a code of the lower band (its upper 4 bits) moves the logarithm of the step (WL by RL42).
pub(super) const SCALE_LOW: [i32; 16] = [
    -60, 3_042, 1_198, 538, 334, 172, 58, -30, 3_042, 1_198, 538, 334, 172, 58, -30, -60,
];

/// The same for the upper band (WH by RH2).
pub(super) const SCALE_HIGH: [i32; 4] = [798, -214, 798, -214];

/// 2 048 · 2^(i/32): the step from its logarithm (ILB).
pub(super) const POWERS: [i32; 32] = [
    2_048, 2_093, 2_139, 2_186, 2_233, 2_282, 2_332, 2_383, 2_435, 2_489, 2_543, 2_599, 2_656, 2_714, 2_774,
    2_834, 2_896, 2_960, 3_025, 3_091, 3_158, 3_228, 3_298, 3_371, 3_444, 3_520, 3_597, 3_676, 3_756, 3_838,
    3_922, 4_008,
];
